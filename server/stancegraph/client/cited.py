"""What a data frame that holds an answer can say of where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.citation import FORMS
from stancegraph.errors import BadParameter, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable


class Cited:
    """Of an answer itself, before anything is done to it.

    Attributes:
        citing: Writes the citation in a form; None where there is nothing to cite.
    """

    citing: Callable[[str], str] | None = None

    def cite(self, form: str = "text") -> str:
        """How to cite the answer, with what finds it again: release, query, parameters, hash.

        Args:
            form: ``text``, ``bibtex``, ``ris`` or ``csl``.

        Raises:
            BadParameter: there is no such form.
            OperationError: this frame was made of an answer, and is none.
            EngineError, OperationError: the answer, which is asked for again, is not given.
        """
        if form not in FORMS:
            raise BadParameter("form", f"is one of {', '.join(FORMS)}")
        if self.citing is None:
            raise OperationError("cite the answer from which this frame was made")
        return self.citing(form)
