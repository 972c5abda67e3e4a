"""The form in which a reader sets the parameters of a saved query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from stancegraph.catalog import Allowed, typed
from stancegraph.web.tables import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.names import Names
    from stancegraph.parameters import Parameter
    from stancegraph.queryfile import SavedQuery

Control: TypeAlias = Literal["checkboxes", "date", "number", "select", "text"]

MAX_MEANT = 8  # things that a text may mean which a form offers instead
BLANKS = 2  # empty fields after those that a list fills


@dataclass(frozen=True, slots=True)
class Option:
    """What a field can be set to.

    Attributes:
        value: What is sent: ``CAN``.
        label: What is read: ``Canada``.
    """

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter in the form.

    Attributes:
        values: What it is set to; of a list, one for each field.
        labels: The names of these, where they are things.
        options: All that it can be, for checkboxes and a select.
        example: What a caller may write.
        problem: What is wrong with the values; empty if nothing is.
        meant: What they may mean, where something is wrong: by value the things.
        typeahead: Where a thing is looked up by its name, the parameter for `search.json`.
    """

    parameter: Parameter
    control: Control
    values: tuple[str, ...]
    labels: tuple[str, ...]
    options: tuple[Option, ...]
    example: str
    problem: str
    meant: Mapping[str, Sequence[Option]]
    typeahead: str

    @property
    def id(self) -> str:
        """What the field is called in the page."""
        return f"field-{self.parameter.name}"

    @property
    def label(self) -> str:
        """What the field is called to readers."""
        return spaced(self.parameter.name)


def fields(
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    problems: Mapping[str, str],
    names: Names,
    *,
    fill: bool,
) -> list[Field]:
    """The fields for the parameters of *query*, in the order of its header.

    Args:
        values: What the caller gave.
        problems: What is wrong with it, by parameter.
        fill: Whether fields that the caller left out are filled with the example.
    """
    made = []
    for name, parameter in query.params.items():
        examples = [typed(parameter, term, names) for term in parameter.examples]
        control = _control(parameter)
        if control == "date" and name in problems:
            control = "text"  # a browser would not show what is no date
        given = [text for text in values.get(name, ()) if text]
        if not given and parameter.default is not None:
            given = [names.today if text == "today" else text for text in parameter.default]
        elif not given and fill and parameter.needed:
            given = examples
        by_name = control == "text" and parameter.type == "iri" and not parameter.scheme
        meant = _meant(parameter, given, names) if by_name and name in problems else {}
        if control != "checkboxes" and parameter.is_list:
            given += [""] * BLANKS
        made.append(
            Field(
                parameter,
                control,
                values=tuple(given or [""]),
                labels=tuple(_label(parameter, text, names) if by_name else "" for text in given),
                options=tuple(_options(parameter, names)),
                example=examples[0],
                problem=problems.get(name, ""),
                meant=meant,
                typeahead=f"{query.name}/{name}" if by_name else "",
            )
        )
    return made


def _label(parameter: Parameter, text: str, names: Names) -> str:
    """The name of the thing that *text* means; empty where it means none, or several."""
    allowed = Allowed.by(parameter, names)
    found = names.find(text, allowed.kinds, allowed.among)
    return names.by_key[found[0]][0] if text and len(found) == 1 else ""


def _meant(
    parameter: Parameter, texts: Sequence[str], names: Names
) -> dict[str, tuple[Option, ...]]:
    """What each of *texts* that means no single thing may mean."""
    allowed = Allowed.by(parameter, names)
    return {
        text: tuple(
            Option(allowed.short(match.key, names), match.label)
            for match in names.search(text, allowed.kinds, allowed.among)[:MAX_MEANT]
        )
        for text in texts
        if not _label(parameter, text, names)
    }


def _control(parameter: Parameter) -> Control:
    if parameter.scheme or parameter.choices or parameter.type == "xsd:boolean":
        return "checkboxes" if parameter.is_list else "select"
    if parameter.type == "xsd:date":
        return "date"
    return "number" if parameter.type in {"xsd:integer", "xsd:decimal"} else "text"


def _options(parameter: Parameter, names: Names) -> list[Option]:
    if parameter.type == "xsd:boolean":
        return [Option("true", "yes"), Option("false", "no")]
    if parameter.choices:
        return [Option(choice, choice) for choice in parameter.choices]
    if not parameter.scheme:
        return []
    allowed = Allowed.by(parameter, names)
    return [Option(allowed.short(key, names), names.by_key[key][0]) for key in allowed.keys(names)]
