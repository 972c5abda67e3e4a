"""The arguments of an address, read together so that all that is wrong is told at once."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import MultiDict

from stancegraph.errors import BadParameter, BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ARGUMENTS = 1000


class Arguments:
    """The arguments of the current request.

    Each is read by one of the methods below, which note what is wrong; `check` tells it.
    """

    def __init__(self, *known: str) -> None:
        """Read the query string.

        Args:
            known: The names of all arguments that there are.

        Raises:
            BadRequest: it cannot be read.
        """
        self._given = read_arguments(request.query_string)
        self._problems: dict[str, str] = {}
        for name in self._given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                told = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                self._problems[name] = f"is no argument here; {told}"

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def texts(self, name: str) -> list[str]:
        """All values that are not blank, each once, in order."""
        stripped = (text.strip() for text in self._given.getlist(name))
        return list(dict.fromkeys(text for text in stripped if text))

    def text(self, name: str, default: str = "", *, longest: int) -> str:
        """The one value; the *default* where it is missing or blank."""
        texts = self.texts(name)
        if len(texts) > 1:
            self.wrong(name, f"was given {len(texts)} times")
        elif texts and len(texts[0]) > longest:
            self.wrong(name, f"has {len(texts[0])} characters, more than {longest}")
        return texts[0] if texts else default

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """The one value, which is among *choices*."""
        text = self.text(name, default, longest=1000)
        if text not in choices:
            self.wrong(name, f"is one of {', '.join(choices)}")
        return text

    def number(self, name: str, default: int, *, least: int = 1, most: int) -> int:
        """The one value as a whole number."""
        text = self.text(name, str(default), longest=1000)
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            self.wrong(name, f"is a whole number from {least} to {most}")
            return default
        return int(text)

    def wrong(self, name: str, problem: str) -> None:
        """Note that the argument *name* has a *problem*."""
        self._problems.setdefault(name, problem)

    def check(self) -> None:
        """Tell what is wrong.

        Raises:
            BadParameter: something is; the error has all of it.
        """
        if self._problems:
            (first, told), *others = self._problems.items()
            raise BadParameter(first, told, **dict(others))


def read_arguments(encoded: bytes) -> MultiDict[str, str]:
    """The arguments in a query string or form, in order.

    Raises:
        BadRequest: they are not UTF-8, or too many.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_ARGUMENTS,
        )
    except UnicodeDecodeError:
        raise BadRequest("the arguments are not percent-encoded UTF-8") from None
    except ValueError:
        raise BadRequest(f"there are more than {MAX_ARGUMENTS} arguments") from None
    return MultiDict(pairs)
