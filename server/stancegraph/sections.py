"""Which pages show the answer to a saved query, as its header declares it.

``page`` in a header is one place or a list of them. A place is the page of every thing of a
class (``of``), asked with that thing as one of its parameters (``by``); or it is a page that
every graph has (``at``).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stancegraph.parameters import whole_iri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.parameters import Parameter

HOME = "home"
MENU = "menu"
PLACES = {HOME: "a section of the home page", MENU: "an entry of the main menu"}
KEYS = (
    *("of", "by", "at", "with"),
    *("heading", "order", "rows", "columns", "group", "titles", "picture"),
)
ORDER = 100
ROWS = 12
MAX_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Section:
    """A place where the answer to a query is shown.

    Attributes:
        heading: What stands above it, or in the menu.
        classes: IRIs of the classes on the pages of whose things it is; empty for a place.
        by: The parameter that is set to the thing; empty for a place.
        at: One of ``PLACES``, or empty.
        order: Those with a smaller one come first.
        rows: How many are shown; the rest is on the page of the query.
        columns: Those that are shown; empty for all.
        group: The column by whose values the rows are put together; empty for none.
        titles: The column whose things, which have no names, stand by their titles; empty for
            none.
        picture: Whether the picture that the query's view asks for stands above the rows.
        values: What other parameters are set to, as a caller would write it.
    """

    heading: str
    classes: tuple[str, ...] = ()
    by: str = ""
    at: str = ""
    order: float = ORDER
    rows: int = ROWS
    columns: tuple[str, ...] = ()
    group: str = ""
    titles: str = ""
    picture: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_sections(
    said: object,
    params: Mapping[str, Parameter],
    columns: Sequence[str],
    prefixes: Mapping[str, str],
) -> tuple[tuple[Section, ...], list[str]]:
    """The sections that ``page`` of a header declares, and all that is wrong with them.

    Args:
        said: What YAML made of it.
        params: The parameters of the query.
        columns: What it projects.
        prefixes: Those of its file, for the names of classes.
    """
    sections: list[Section] = []
    problems: list[str] = []
    for each in said if isinstance(said, list) else [said]:
        if isinstance(each, dict):
            wrong = _wrong(each, params, columns)
            classes = {word: whole_iri(word, prefixes) for word in _words(each.get("of"))}
            wrong += [
                f"{word!r} is no IRI: write it whole, or with a PREFIX of this file"
                for word, iri in classes.items()
                if iri is None
            ]
            problems += wrong
            if not wrong:
                sections.append(_section(each, tuple(iri for iri in classes.values() if iri)))
        else:
            problems.append("write a place as {of: class, by: parameter, heading: words}")
    return tuple(sections), [f"page: {problem}" for problem in problems]


def _section(said: Mapping[str, Any], classes: tuple[str, ...]) -> Section:
    values = {name: _texts(value) for name, value in said.get("with", {}).items()}
    return Section(
        heading=said["heading"],
        classes=classes,
        by=said.get("by", ""),
        at=said.get("at", ""),
        order=float(said.get("order", ORDER)),
        rows=said.get("rows", ROWS),
        columns=tuple(said.get("columns", ())),
        group=said.get("group", ""),
        titles=said.get("titles", ""),
        picture=said.get("picture", False),
        values=values,
    )


def _wrong(
    said: Mapping[str, Any], params: Mapping[str, Parameter], columns: Sequence[str]
) -> list[str]:
    """What is wrong with one place, but for the names of its classes."""
    told = [
        f"unknown key {key!r}: write {' or '.join(_near(key, KEYS) or KEYS)}"
        for key in said
        if key not in KEYS
    ]
    told += _wrong_values(said)
    if told:
        return told
    if ("of" in said) == ("at" in said):
        told.append(f"give either the class that it is of, or at: {' or '.join(PLACES)}")
    if ("of" in said) != ("by" in said):
        told.append("of and by go together: the class, and the parameter set to a thing of it")
    by = said.get("by")
    if by is not None and (by not in params or params[by].type != "iri"):
        iris = [name for name, parameter in params.items() if parameter.type == "iri"]
        told.append(f"{by!r} is no parameter of type iri; there is {', '.join(iris) or 'none'}")
    shown = [*said.get("columns", ()), *(said[key] for key in ("group", "titles") if key in said)]
    for column in shown:
        if column not in columns:
            near = _near(column, columns)
            hint = f"; did you mean {near[0]}?" if near else ""
            told.append(f"{column!r} is no column{hint}")
    given = said.get("with", {})
    told += [f"{name!r} is no parameter of this query" for name in given if name not in params]
    told += [
        f"the query needs {name} too: give it a default, or with: {{{name}: …}}"
        for name, parameter in params.items()
        if parameter.needed and name != by and name not in given and said.get("at") != MENU
    ]
    return told


def _wrong_values(said: Mapping[str, Any]) -> list[str]:
    """Keys whose values are of the wrong sort."""
    rows = said.get("rows", ROWS)
    tests = {
        "heading must be text: heading: Treaties": isinstance(said.get("heading"), str)
        and bool(said["heading"].strip()),
        "of must be a class such as foaf:Person, or a list of them": "of" not in said
        or bool(_words(said["of"])),
        f"at must be one of {', '.join(PLACES)}": "at" not in said or said["at"] in PLACES,
        "order must be a number": _is_number(said.get("order", ORDER)),
        f"rows must be a whole number up to {MAX_ROWS}": isinstance(rows, int)
        and not isinstance(rows, bool)
        and 0 <= rows <= MAX_ROWS,
        "columns must be a list of words: [one, two]": isinstance(said.get("columns", []), list)
        and all(isinstance(column, str) for column in said.get("columns", [])),
        "group must name a column": isinstance(said.get("group", ""), str),
        "titles must name a column": isinstance(said.get("titles", ""), str),
        "picture must be true or false": isinstance(said.get("picture", False), bool),
        "with must give parameters their values: {name: value}": isinstance(
            said.get("with", {}), dict
        ),
    }
    return [told for told, is_so in tests.items() if not is_so]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _near(word: object, known: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(str(word), known, n=1)


def _words(value: object) -> tuple[str, ...]:
    """One word, or a list of them; nothing for anything else."""
    found = [value] if isinstance(value, str) else value
    if isinstance(found, list) and all(isinstance(word, str) for word in found):
        return tuple(found)
    return ()


def _texts(value: object) -> tuple[str, ...]:
    """What YAML made of a value, or of a list of them, as a caller would write it."""
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    return (str(value).lower() if isinstance(value, bool) else str(value),)
