"""The command ``describe``: all that is known of one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox

from stancegraph.build.release import open_release
from stancegraph.commands.completion import complete_thing
from stancegraph.commands.output import (
    TABLE,
    answer_options,
    echo_bytes,
    echo_triples,
    open_engine,
)
from stancegraph.engine import GRAPHS, SHORT_NAMES, Ask, MediaType
from stancegraph.errors import UnknownThing
from stancegraph.names import Names
from stancegraph.terms import NAMESPACES

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options

TURTLE = "ttl"
FORMS = [TABLE, *(name for name, media_type in SHORT_NAMES.items() if media_type in GRAPHS)]


@click.command("describe")
@click.argument("thing", shell_complete=complete_thing)
@answer_options(forms=FORMS, default=TURTLE)
@click.pass_obj
def describe_command(
    options: Options, *, thing: str, style: str, releases: Path | None, query_timeout: float
) -> None:
    """Tell what is known of THING: itself, the claims about it, their evidence and sources.

    \b
    THING is a key, a name, a term or an IRI:
      stancegraph describe CAN
      stancegraph describe treaty/budapest-convention --format table
      stancegraph describe stance/CAN/budapest-convention/best-tool
      stancegraph describe sg:TreatyAction
      stancegraph describe https://w3id.org/stancegraph/id/state/CAN

    The same statements as those of a SPARQL DESCRIBE. Exit status: 0 if something is known,
    1 if nothing is.
    """  # noqa: D301 - click's mark for lines to keep
    release = open_release(releases or options.folder.releases)
    iri = find(thing, Names.load(release.names_file))
    query = f"DESCRIBE {iri}"
    with open_engine(release) as engine:
        triples = b"".join(engine.ask(Ask(query, MediaType.N_TRIPLES, deadline=query_timeout)))
        if not triples:
            raise UnknownThing(thing)
        if style == TABLE:
            echo_triples(triples, release)
        elif style == TURTLE:
            click.echo(as_turtle(triples, release), nl=False)
        else:
            echo_bytes(engine.ask(Ask(query, SHORT_NAMES[style], deadline=query_timeout)))


def find(text: str, names: Names) -> ox.NamedNode:
    """What *text* means: an IRI as it stands, ``sg:Treaty``, a key, or a name.

    Raises:
        UnknownThing: it means nothing, or several things.
    """
    bare = text.removeprefix("<").removesuffix(">").strip()
    try:
        return ox.NamedNode(_iri(bare, names))
    except ValueError:
        raise UnknownThing(text) from None


def _iri(text: str, names: Names) -> str:
    prefix, colon, local = text.partition(":")
    for namespace in NAMESPACES:
        if colon and prefix == namespace.prefix:
            return f"{namespace.iri}{local}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return text
    if text in names.by_key:
        return names.iri(text)
    found = names.find(text, ())
    if len(found) > 1:
        raise UnknownThing(text, found, found=True)
    if found:
        return names.iri(found[0])
    if "/" in text:  # claims have keys, but no names
        return names.iri(text.removeprefix("id/"))
    raise UnknownThing(text, names.near(text, ()))


def as_turtle(triples: bytes, release: Release) -> str:
    """N-Triples as Turtle that people can read: only the prefixes that are used, things by key."""
    parsed = [quad.triple for quad in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES)]
    text = triples.decode()
    prefixes = {space.prefix: space.iri for space in NAMESPACES if f"<{space.iri}" in text}
    base = f"{release.base}id/"
    written = ox.serialize(parsed, format=ox.RdfFormat.TURTLE, prefixes=prefixes)
    assert written is not None  # noqa: S101 (no file to write to was given)
    # The writer's own way with a base makes relative IRIs of all others too, </ontology#x>.
    string_or_thing = re.compile(rf'"(?:[^"\\]|\\.)*"|<{re.escape(base)}([a-z-]+/[^>]*)>')
    body = string_or_thing.sub(
        lambda found: f"<{found[1]}>" if found[1] else found[0],
        re.sub(r"\A(@prefix .*\n)+", "", written.decode()),
    )
    head = [f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in sorted(prefixes.items())]
    return "".join([f"BASE <{base}>\n", *head, "\n", body])
