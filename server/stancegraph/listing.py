"""Lists that are narrowed down by facets, as the header of a saved query declares them.

The query says what is shown of some things: it has one parameter without which it cannot be
asked, the list ``thing``. The header says which things there are, of which classes, and the
facets: what each is called, of which type its values are, and the path that leads to them.

    #+ list:
    #+   class: sg:Source
    #+   facets:
    #+     publisher: {type: "xsd:string", path: "dc:publisher"}
    #+     quotes: {type: iri, kinds: [document], path: "^sg:source/sg:quotedDocument"}
    #+   sort: {"-date": "sg:latest", title: "dcterms:title"}

An iri or a string is what the path leads to; an integer the same, or the year of a date; a
boolean is whether the path leads anywhere. Everything is asked in SPARQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from stancegraph.errors import QuerySyntaxError
from stancegraph.parameters import Parameter, declared, whole_iri, wrong_declaration
from stancegraph.sparql import check_syntax, term_text
from stancegraph.terms import RDFS, XSD

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from stancegraph.sparql import Term

THING = "thing"  # the variable, and the parameter, that stand for what is listed
KEYS = ("class", "columns", "facets", "sort")
NAME = re.compile(r"[a-z][A-Za-z0-9]*")
# What stands for a value of each type until the graph is known.
_EXAMPLES: dict[str, ox.NamedNode | ox.Literal] = {
    "iri": RDFS.Resource,
    "xsd:boolean": ox.Literal("true", datatype=XSD.boolean),
    "xsd:integer": ox.Literal("2000", datatype=XSD.integer),
    "xsd:string": ox.Literal("text"),
}
RESERVED = frozenset({"format", "limit", "page", "sort"})  # arguments that mean something else


@dataclass(frozen=True, slots=True)
class Facet:
    """What tells the things of a list from each other.

    Attributes:
        parameter: Its name, and which values it can have.
        path: From a thing to its values, as SPARQL writes a path.
    """

    parameter: Parameter
    path: str

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return self.parameter.name

    def values(self, variable: str) -> str:
        """A pattern that binds *variable* to each value of ``?thing``."""
        of_thing = f"?thing {self.path} ?stated ."
        match self.parameter.type:
            case "xsd:boolean":
                return f"BIND (EXISTS {{ ?thing {self.path} ?any }} AS {variable})"
            case "xsd:integer":
                return f"{of_thing} BIND (COALESCE(YEAR(?stated), ?stated) AS {variable})"
            case "xsd:string":
                return f"{of_thing} BIND (STR(?stated) AS {variable})"
            case _:
                return f"?thing {self.path} {variable} ."

    def chosen(self, terms: Sequence[Term], number: int) -> str:
        """A pattern for the things that have any of *terms* as a value.

        Args:
            number: Tells its variables from those of others.
        """
        listed = " ".join(map(term_text, terms))
        if self.parameter.type == "iri":
            return f"VALUES ?chosen{number} {{ {listed} }} ?thing {self.path} ?chosen{number} ."
        among = ", ".join(map(term_text, terms))
        pattern = self.values(f"?chosen{number}").replace("?stated", f"?stated{number}")
        return f"{pattern} FILTER (?chosen{number} IN ({among}))"


@dataclass(frozen=True, slots=True)
class Order:
    """An order that a list can have.

    Attributes:
        name: What it is called in addresses.
        path: From a thing to what it goes by, the least value of several.
        falls: Whether the greatest comes first, unless the reader turns it round.
    """

    name: str
    path: str
    falls: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of things.

    Attributes:
        classes: IRIs of the classes that the things are of; also of those below them.
        facets: In the order of the header.
        orders: Likewise; the first is that of a list for which none was chosen.
        prefixes: What the paths use.
        columns: Those of the query that a page shows; empty for all.
    """

    classes: tuple[str, ...]
    facets: Mapping[str, Facet]
    orders: Mapping[str, Order]
    prefixes: Mapping[str, str]
    columns: tuple[str, ...] = ()

    @property
    def probe(self) -> str:
        """A query that uses every word that the declaration does."""
        classes = " ".join(f"?thing a <{iri}> ." for iri in self.classes)
        paths = [facet.path for facet in self.facets.values()]
        paths += [order.path for order in self.orders.values()]
        patterns = " ".join(f"?thing {path} ?value ." for path in paths)
        return f"{self._prologue}SELECT ?thing WHERE {{ {classes} {patterns} }}"

    def counts(
        self,
        classes: Iterable[ox.NamedNode],
        chosen: Mapping[str, Sequence[Term]],
        *,
        whole: Container[str] = (),
    ) -> str:
        """A query for how many of the things that are *chosen* have each value of each facet.

        For a facet of which values are chosen, the others count as if none of it were. A row
        without ``facet`` has the number of all things that are chosen.

        Args:
            classes: All classes that the things can be of.
            chosen: The values wanted, any of them, by facet; all facets must fit.
            whole: Facets whose paths are better read as a whole than followed from each
                thing, where nothing is chosen of others.
        """
        parts = [f"{{ {self._things(classes, chosen)} }}"]
        apart = []
        for name, facet in self.facets.items():
            others = {other: terms for other, terms in chosen.items() if other != name and terms}
            named, values = f'VALUES ?facet {{ "{name}" }}', facet.values("?value")
            if name in whole and not others and facet.parameter.type != "xsd:boolean":
                apart.append(f"{{ {named} {values} }}")
            else:
                parts.append(f"{{ {named} {self._things(classes, others)} {values} }}")
        if apart:
            # Joined with the things as a whole, a path is read once, and not looked up for each.
            parts.append(f"{{ {self._things(classes, {})} {{ {' UNION '.join(apart)} }} }}")
        union = "\nUNION ".join(parts)
        return (
            f"{self._prologue}SELECT ?facet ?value (COUNT(DISTINCT ?thing) AS ?things)\n"
            f"WHERE {{\n{union}\n}}\nGROUP BY ?facet ?value\nORDER BY ?facet DESC(?things) ?value"
        )

    def selection(
        self,
        classes: Iterable[ox.NamedNode],
        chosen: Mapping[str, Sequence[Term]],
        order: Order,
        *,
        falls: bool,
        part: tuple[int, int] | None = None,
    ) -> str:
        """A query for the things that are *chosen*, in *order*; those it cannot tell are last.

        Args:
            classes, chosen: As in `counts`.
            falls: Whether the greatest comes first.
            part: How many to pass over, and how many to tell; all, if None.
        """
        # What is unbound is less than anything else, so that it is last where the order falls.
        order_by = "DESC(?least)" if falls else "DESC(BOUND(?least)) ?least"
        bounds = f"\nLIMIT {part[1]} OFFSET {part[0]}" if part is not None else ""
        return (
            f"{self._prologue}SELECT ?thing (MIN(?key) AS ?least)\nWHERE {{\n"
            f"{self._things(classes, chosen)}\n"
            f"OPTIONAL {{ ?thing {order.path} ?stated }}\n"
            "BIND (IF(isNumeric(?stated), ?stated, LCASE(STR(?stated))) AS ?key)\n"
            "}\nGROUP BY ?thing\n"
            f"ORDER BY {order_by} ?thing{bounds}"
        )

    @property
    def _prologue(self) -> str:
        return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self.prefixes.items())

    def _things(self, classes: Iterable[ox.NamedNode], chosen: Mapping[str, Sequence[Term]]) -> str:
        """A pattern that binds ``?thing`` to each thing that is *chosen*."""
        listed = " ".join(map(term_text, classes))
        narrow: list[str] = []
        wide: list[str] = []
        for number, (name, terms) in enumerate(chosen.items(), 1):
            if terms:
                facet = self.facets[name]
                # What leads to few things comes first; whether a thing has a value, last.
                patterns = wide if facet.parameter.type == "xsd:boolean" else narrow
                patterns.append(facet.chosen(terms, number))
        return " ".join([*narrow, f"VALUES ?class {{ {listed} }} ?thing a ?class .", *wide])


def read(
    said: object, prefixes: Mapping[str, str], columns: Sequence[str]
) -> tuple[Listing | None, list[str]]:
    """The list that a header declares, and what is wrong with the declaration.

    Args:
        said: What YAML made of it.
        prefixes: Those of the file.
        columns: What the query projects.
    """
    if not isinstance(said, dict) or not isinstance(said.get("facets"), dict):
        return None, ["list must say the class and the facets: {class: sg:State, facets: {…}}"]
    problems = [
        f"list has an unknown key {key!r}: write {', '.join(KEYS)}" for key in said.keys() - {*KEYS}
    ]
    classes = said.get("class")
    words = [classes] if isinstance(classes, str) else classes
    if not isinstance(words, list) or not words:
        return None, [*problems, "list must say the class: {class: sg:State, …}"]
    iris = [whole_iri(str(word), prefixes) for word in words]
    problems += [
        f"list: {word!r} is no IRI: write it whole, or with a PREFIX of this file"
        for word, iri in zip(words, iris, strict=True)
        if iri is None
    ]
    facets = {}
    for name, parts in said["facets"].items():
        made = _facet(str(name), parts, prefixes)
        if isinstance(made, str):
            problems.append(f"facet {name}: {made}")
        else:
            facets[made.name] = made
    orders = {}
    for written, path in (said.get("sort") or {"name": f"<{RDFS.label.value}>"}).items():
        name = str(written).removeprefix("-")
        if wrong := _wrong_path(path, prefixes):
            problems.append(f"sort {name}: {wrong}")
        orders[name] = Order(name, path, falls=str(written).startswith("-"))
    shown = said.get("columns") or []
    if not isinstance(shown, list) or not set(shown) <= set(columns):
        problems.append(f"list: columns are some of {', '.join(columns)}")
        shown = []
    found = Listing(tuple(iri for iri in iris if iri), facets, orders, dict(prefixes), tuple(shown))
    return (None if problems else found), problems


def _facet(name: str, said: Any, prefixes: Mapping[str, str]) -> Facet | str:
    """The facet that is declared, or what is wrong with it."""
    if not isinstance(said, dict) or "path" not in said:
        return "give its type and its path: {type: iri, path: sg:topic}"
    if not NAME.fullmatch(name) or name in RESERVED:
        return "call it by a word that begins with a small letter, and is none of " + ", ".join(
            sorted(RESERVED)
        )
    if wrong := _wrong_path(said["path"], prefixes):
        return wrong
    parts = {key: value for key, value in said.items() if key != "path"}
    kept = sorted(parts.keys() & {"choices", "default", "list", "optional"})
    if wrong := wrong_declaration(parts) or (f"a facet has no {kept[0]}" if kept else None):
        return wrong
    if parts["type"] not in _EXAMPLES:
        return f"a facet is of type {', '.join(_EXAMPLES)}"
    example = _EXAMPLES[parts["type"]]
    made = declared(name, {**parts, "list": True, "optional": True}, [example], prefixes)
    return made if isinstance(made, str) else Facet(made, said["path"])


def _wrong_path(path: object, prefixes: Mapping[str, str]) -> str | None:
    """What is wrong with a path; None if nothing is."""
    if not isinstance(path, str):
        return 'its path must be text; put it in quotes: "^sg:actor"'
    prologue = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in prefixes.items())
    try:
        check_syntax(f"{prologue}ASK {{ ?thing {path} ?value }}")
    except QuerySyntaxError as error:
        return f"{path!r} is no path of properties: {error.message}"
    return None
