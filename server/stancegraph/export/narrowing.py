"""How an export is narrowed: as of a day, to some states, to some themes; for all kinds alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.catalog import read_terms
from stancegraph.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.names import Names
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery

AS_OF, STATES, THEME = "asOf", "states", "theme"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is asked for of an export; by default all of it, as of the day of the release.

    A saved query takes part by having parameters of these names: ``asOf``, a day; ``states``
    and ``theme``, lists that may be left out.

    Attributes:
        as_of: A day as ``2019-12-31``; empty for that of the release.
        states: Whom it is about, by keys, names or IRIs; none for everybody.
        theme: Topics, likewise; none for all.
    """

    as_of: str = ""
    states: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.as_of or self.states or self.theme)

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """What is set, by parameter, as a caller writes it."""
        said = {AS_OF: (self.as_of,) if self.as_of else (), STATES: self.states, THEME: self.theme}
        return {name: values for name, values in said.items() if values}

    def lacking(self, query: SavedQuery) -> list[str]:
        """The parameters that it sets and *query* does not have."""
        return [name for name in self.values if name not in query.params]

    def terms(self, query: SavedQuery, names: Names, *, strict: bool = True) -> Terms:
        """What the parameters of *query* are set to.

        Args:
            strict: Whether each must be one that the query has; else those are left out.

        Raises:
            BadParameter: the query lacks one, or a value means nothing.
        """
        if strict and (lacking := self.lacking(query)):
            told = f"{query.name} cannot be narrowed by it"
            raise BadParameter(lacking[0], told, **dict.fromkeys(lacking[1:], told))
        said = {name: v for name, v in self.values.items() if name in query.params}
        return read_terms(query, said, names)
