"""The command ``init``: starts a graph of one's own."""

from __future__ import annotations

import re
import shlex
import unicodedata
from pathlib import Path
from string import Template

import click
import pyoxigraph as ox

from stancegraph.errors import OperationError
from stancegraph.folder import shipped

TEMPLATE = Path(__file__).parents[1] / "template"
# Packagers and version control leave out names that begin with a dot.
RENAMED = {"gitignore": ".gitignore"}


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", help="What the graph is called; the name of DIR, unless given.")
@click.option(
    "--base",
    metavar="IRI",
    help="What all its IRIs begin with, with a / at the end; https://example.org/NAME/, with "
    "the name of DIR, unless given.",
)
def init_command(folder: Path, *, title: str | None, base: str | None) -> None:
    """Start a graph of your own in DIR, which is new or empty.

    \b
    Examples:
      stancegraph init moon
      stancegraph init moon --title "Law of the Moon" --base https://moon.example/

    The folder builds and serves at once: it holds an example to change. It shares the words,
    code lists, rules and shapes of the shipped graph; docs/other-graphs.md tells more.
    """  # noqa: D301 - click's mark for lines to keep
    name = folder.resolve().name
    start(folder, title=title or name, base=base or f"https://example.org/{_slug(name)}/")
    graph = shlex.quote(str(folder))
    click.echo(f"started a graph in {folder}; now try:", err=True)
    click.echo(f"stancegraph --graph {graph} build")
    click.echo(f"stancegraph --graph {graph} query treaties/acts treaty=treaty-of-zenda")
    click.echo(f"stancegraph --graph {graph} serve")


def start(folder: Path, *, title: str, base: str) -> None:
    """Write a graph folder that builds.

    Args:
        folder: Is made if it is not there; a .git in it does not matter.
        base: What all IRIs of the graph begin with.

    Raises:
        BadParameter: *base* cannot be that.
        OperationError: the folder holds something, or cannot be written to.
    """
    _check(base)
    values = {
        "base": base,
        "heading": " ".join(title.split()),
        "title": str(ox.Literal(title)),
    }
    try:
        if folder.exists() and any(path.name != ".git" for path in folder.iterdir()):
            raise OperationError(f"{folder} is not empty: name a new folder")
        for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
            relative = source.relative_to(TEMPLATE)
            target = folder / relative.with_name(RENAMED.get(relative.name, relative.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(source.read_text("utf-8")).substitute(values), "utf-8")
    except OSError as error:
        raise OperationError(f"cannot write to {folder}: {error.strerror}") from error


def _check(base: str) -> None:
    problem = None
    try:
        ox.NamedNode(base)
    except ValueError:
        problem = "is no IRI"
    if not re.fullmatch(r"https?://[^/?#]+/([^?#]+/)?", base):
        problem = "must begin with http:// or https:// and end in /, without ? and #"
    elif base == shipped().base:
        problem = "is that of the shipped graph: a graph of your own has a base of its own"
    if problem:
        raise click.BadParameter(f"{base!r} {problem}", param_hint="--base")


def _slug(name: str) -> str:
    """*name* in small letters, digits and single hyphens; ``graph`` where none is left."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or "graph"
