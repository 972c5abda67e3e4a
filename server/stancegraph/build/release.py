"""The last step of a build: a release on disk, and how to open one.

A folder of releases holds one folder a release and the symbolic link ``current``, which a
build switches by one rename once the new release is whole. In a release stand
``release.nq``, the canonical N-Quads of all graphs, sorted; ``release.json``, what it is;
``names.json``, what its things are called; ``quality.json``, what an editor would mend;
``answers/``, those to saved queries that are likely asked; ``index/``, which a large release is
asked on; ``queries/``, ``ontology/rules/``, ``dataset.ttl`` and the licences as they were:
everything that a server or a package needs.
"""

from __future__ import annotations

import fcntl
import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import names
from stancegraph.build import quality
from stancegraph.engine import index, kept
from stancegraph.engine.remote import place
from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stancegraph.build.quads import Quads
    from stancegraph.folder import GraphFolder

CURRENT = "current"
QUADS = "release.nq"
FACTS = "release.json"
EXPORTS = "exports"  # the folder of files that were made from a release since
_UNFINISHED = (".tmp-", ".old-", ".link-")


@dataclass(frozen=True, slots=True)
class Release:
    """A release on disk.

    Attributes:
        id: ``<date>-<first 12 hexadecimal digits of the digest>``.
        date: What it takes for today.
        digest: SHA-256 over the canonical N-Quads of all graphs but the description.
        checksum: SHA-256 of the file of quads.
        base: The IRI that all IRIs of the graph start with; ends in ``/``.
        previous: The id of the release that it follows.
        counts: Files, graphs, triples, claims and derived triples.
        path: Its folder.
    """

    id: str
    date: date
    digest: str
    checksum: str
    base: str
    title: str
    licence: str
    previous: str | None
    counts: Mapping[str, int]
    path: Path

    @property
    def iri(self) -> str:
        """What the release is called in RDF."""
        return f"{self.base}release/{self.id}"

    @property
    def quads_file(self) -> Path:
        """The canonical N-Quads of all graphs, the description too."""
        return self.path / QUADS

    @property
    def engine_file(self) -> Path:
        """What a query engine is to open: the quads, or where else they are."""
        elsewhere = self.path / place.FILE
        return elsewhere if elsewhere.exists() else self.quads_file

    @property
    def names_file(self) -> Path:
        """What its things are called, to be read with `names.Names.load`."""
        return self.path / names.FILE

    @property
    def quality_file(self) -> Path:
        """What its quality queries find, to be read with `quality.read`."""
        return self.path / quality.FILE

    def verify(self) -> None:
        """Read the quads and compute both digests again.

        Raises:
            OperationError: the release is not what it says that it is.
        """
        end = f" <{description_iri(self.base).value}> .\n".encode()
        whole, rest = hashlib.sha256(), hashlib.sha256()
        with self.quads_file.open("rb") as lines:
            for line in lines:
                whole.update(line)
                if not line.endswith(end):
                    rest.update(line)
        if (whole.hexdigest(), rest.hexdigest()) != (self.checksum, self.digest):
            raise OperationError(f"{self.path} was changed after it was built: build it again")


def open_release(releases: Path, release_id: str | None = None) -> Release:
    """The release *release_id* in the folder *releases*, else the current one.

    Raises:
        OperationError: there is none, or it is not whole; the message says what to do.
    """
    path = releases / (release_id or CURRENT)
    try:
        path = path.resolve(strict=True)
        facts = json.loads((path / FACTS).read_text("utf-8"))
        return Release(**{**facts, "date": date.fromisoformat(facts["date"]), "path": path})
    except FileNotFoundError:
        what = f"no release {release_id}" if release_id else "no release"
        raise OperationError(f"{releases} holds {what}: run `stancegraph build`") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise OperationError(f"{path} is no whole release ({error}): build it again") from error


def description_iri(base: str) -> ox.NamedNode:
    """The named graph in which a release describes itself."""
    return ox.NamedNode(f"{base}graph/description")


def date_of(folder: GraphFolder) -> date:
    """The day of the last commit that touched *folder*; today (UTC), if git knows of none."""
    command = ["git", "log", "-1", "--format=%cs", "--", "."]
    try:
        done = subprocess.run(  # noqa: S603 - nothing in it comes from outside
            command, cwd=folder.root, capture_output=True, text=True, check=True, timeout=30
        )
        return date.fromisoformat(done.stdout.strip())
    except (OSError, subprocess.SubprocessError, ValueError):
        return datetime.now(UTC).date()


@contextmanager
def only_build(releases: Path) -> Iterator[None]:
    """Hold the folder *releases* for one build, and clear what killed builds left there.

    Raises:
        OperationError: another build holds it, or it cannot be written to.
    """
    with writing(releases):
        releases.mkdir(parents=True, exist_ok=True)
        lock = (releases / ".lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another build is writing to {releases}: wait until it is done"
            raise OperationError(message) from None
        with writing(releases):
            _clear(releases)
        yield


def refuse_another(folder: GraphFolder, releases: Path) -> None:
    """Let no build of *folder* go where another graph is served from.

    Raises:
        OperationError: the current release in *releases* is of another graph.
    """
    try:
        current = open_release(releases)
    except OperationError:
        return
    if current.base != folder.base:
        message = f"{releases} holds releases of another graph, {current.title} <{current.base}>"
        raise OperationError(f"{message}: choose another folder with --releases")


def release_id(release_date: date, digest: str) -> str:
    """What a release is called."""
    return f"{release_date.isoformat()}-{digest[:12]}"


def previous_of(releases: Path, new_id: str) -> str | None:
    """The id of the release that *new_id* follows.

    That of the current release; where *new_id* was built before, what was true then, so
    that the same release stays the same.
    """
    for name in (new_id, None):
        try:
            found = open_release(releases, name)
        except OperationError:
            continue
        return found.previous if found.id == new_id else found.id
    return None


@contextmanager
def drafted(releases: Path) -> Iterator[Path]:
    """A new folder in *releases* in which a release is made; it goes, unless it has become one.

    To be used while `only_build` holds *releases*.

    Raises:
        OperationError: the folder cannot be written to.
    """
    with writing(releases):
        draft = Path(tempfile.mkdtemp(prefix=".tmp-", dir=releases))
        draft.chmod(0o755)
        try:
            yield draft
        finally:
            if draft.exists() and draft.resolve() != (releases / CURRENT).resolve():
                shutil.rmtree(draft)


def write_release(
    folder: GraphFolder,
    quads: Quads,
    *,
    release_date: date,
    digest: str,
    previous: str | None,
    counts: Mapping[str, int],
    things: names.Names,
    findings: str,
    answers: Mapping[str, bytes],
) -> Release:
    """Make the draft in which *quads* stand, with their index if any, the current release.

    Killed at any moment, it leaves a current release that is whole: the one before or this one.

    Args:
        quads: All, in a folder as `drafted` gives it, under the name that they have in a release.
        things: What its things are called.
        findings: What `quality.as_json` tells of it.
        answers: Those of saved queries, by the name of their file.

    Raises:
        OperationError: the folder cannot be written to.
    """
    draft = quads.path.parent
    releases = draft.parent
    name = release_id(release_date, digest)
    release = Release(
        id=name,
        date=release_date,
        digest=digest,
        checksum=quads.digest(),
        base=folder.base,
        title=folder.title,
        licence=folder.licence,
        previous=previous,
        counts=counts,
        path=releases.resolve() / name,
    )
    with writing(releases):
        (draft / names.FILE).write_text(things.as_json(), "utf-8")
        (draft / quality.FILE).write_text(findings, "utf-8")
        (draft / FACTS).write_text(_as_json(release), "utf-8")
        (draft / kept.FOLDER).mkdir()
        for name_of_answer, answer in answers.items():
            (draft / kept.FOLDER / name_of_answer).write_bytes(answer)
        rules = [path for home in folder.homes for path in home.rule_files]
        texts = (folder.root / "dataset.ttl", *folder.licence_files, *folder.query_files, *rules)
        for source in texts:
            target = draft / folder.relative(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        _sync(draft)
        _install(draft, releases, name)
    return release


def point_to(releases: Path, name: str) -> None:
    """Let the link ``current`` point to *name*, in one step."""
    link = releases / f".link-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(releases / CURRENT)
    _sync_folder(releases)


@contextmanager
def writing(releases: Path) -> Iterator[None]:
    """Raise what the system refuses as an OperationError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OperationError(f"cannot write to {releases}: {reason}") from error


def _as_json(release: Release) -> str:
    """What `open_release` reads; the folder that it stands in is not said."""
    facts = {**asdict(release), "date": release.date.isoformat()}
    del facts["path"]
    return json.dumps(facts, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _install(draft: Path, releases: Path, name: str) -> None:
    """Make the whole folder *draft* the release *name*, and that the current one."""
    target = releases / name
    if not target.exists():
        draft.rename(target)
    elif _same(draft, target):
        shutil.rmtree(draft)
    else:
        # The graph is the same, its description or queries are not. A folder cannot be
        # replaced in one step, so the draft is current while the release is exchanged; the
        # next build clears it away.
        point_to(releases, draft.name)
        target.rename(releases / f".old-{draft.name}")
        copy = Path(tempfile.mkdtemp(prefix=".tmp-", dir=releases))
        shutil.copytree(draft, copy, dirs_exist_ok=True)
        _sync(copy)
        copy.rename(target)
    _sync_folder(releases)
    point_to(releases, name)


def _same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same content.

    Of an index it is only known whether there is one: no two are alike, byte for byte. What was
    exported from either since does not count.
    """
    found = [
        sorted(
            name
            for path in root.rglob("*")
            if path.parent != root / index.FOLDER
            and (name := path.relative_to(root)).parts[0] != EXPORTS
        )
        for root in (one, other)
    ]
    return found[0] == found[1] and all(
        (one / name).is_dir() or filecmp.cmp(one / name, other / name, shallow=False)
        for name in found[0]
    )


def _sync(folder: Path) -> None:
    """Have all files of *folder* on disk before it gets its name."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear(releases: Path) -> None:
    current = (releases / CURRENT).resolve()
    for path in releases.iterdir():
        if not path.name.startswith(_UNFINISHED) or path == current:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
