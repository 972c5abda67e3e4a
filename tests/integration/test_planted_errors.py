"""One mistake of each kind in a copy of the shipped graph: one run tells each in its line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stancegraph.build.release import open_release
from stancegraph.folder import GraphFolder, shipped

if TYPE_CHECKING:
    from pathlib import Path


class Plant(NamedTuple):
    """A mistake: what is replaced (a pattern, its first match), and how it must be told.

    Attributes:
        at: The text that stands in the line to be named, after the change.
        after: Where that text is looked for, if not from the start.
    """

    file: str
    old: str
    new: str
    message: str
    at: str
    after: str = ""


WCT = "data/treaties/wipo-copyright-treaty.ttl"
PLANTS = {
    "missing semicolon": Plant(
        "data/cooperation/AUS.ttl",
        r"(    sg:codedBy <agent/stancegraph>) ;\n",
        r"\1\n",
        "not Turtle: a ';', ',' or '.' is missing before this",
        "    sg:codedOn",
    ),
    "open quotation mark": Plant(
        "data/countries/FRA.ttl",
        r'rdfs:label "France"@en',
        'rdfs:label "France@en',
        "not Turtle: a quotation mark opens a string that nothing closes",
        '"France@en',
    ),
    "not UTF-8": Plant(
        "data/countries/NZL.ttl",
        r"\A",
        "# caf\udce9\n",
        "is not UTF-8 (byte 0xE9): save it as UTF-8",
        "# caf",
    ),
    "claim without evidence": Plant(
        "data/stances/CHN.ttl",
        r"    sg:evidence <evidence/atlas-china/CN1> ;\n",
        "",
        "A claim rests on at least one sg:evidence",
        "<stance/CHN/unsc-role-against-cyber-terrorism/important-part>",
    ),
    "quotation of 26 words": Plant(
        "data/stances/KOR.ttl",
        r'oa:exact "strong advocate',
        f'oa:exact "{"very " * 18}strong advocate',
        "at most 25 words",
        'oa:exact "very',
    ),
    "IRI of another form": Plant(
        "data/cooperation/KOR.ttl",
        r"<cooperation/KOR/fbi/regular-meetings>",
        "<co-operation/KOR/fbi/regular-meetings>",
        "has an IRI of the form cooperation/",
        "<co-operation/KOR/fbi/regular-meetings>",
    ),
    "misspelt property of ours": Plant(
        "data/stances/AUS.ttl",
        r"sg:holder <",
        "sg:holdr <",
        "the ontology does not declare sg:holdr; did you mean sg:holder?",
        "sg:holdr",
    ),
    "misspelt property of others": Plant(
        "data/organisations/interpol.ttl",
        r"skos:altLabel",
        "skos:altLable",
        "has only the properties that shapes/",
        "skos:altLable",
    ),
    "misspelt class": Plant(
        "data/documents/CAN.ttl",
        r"a sg:Document ;",
        "a sg:Documnet ;",
        "the ontology does not declare sg:Documnet; did you mean sg:Document?",
        "sg:Documnet",
    ),
    "literal that is not canonical": Plant(
        "data/indicators/PER.ttl",
        r'"18596"\^\^xsd:decimal',
        '"18596.0"^^xsd:decimal',
        '"18596.0"^^xsd:decimal is not in canonical form: write "18596"^^xsd:decimal',
        '"18596.0"',
    ),
    "day that is none": Plant(
        "data/resolutions/A-RES-74-247.ttl",
        r'sg:adopted "2019-12-27"',
        'sg:adopted "2019-12-32"',
        '"2019-12-32"^^xsd:date is no date',
        '"2019-12-32"',
    ),
    "misspelt reference": Plant(
        "data/characterisations/PER.ttl",
        r"sg:source <source/atlas-peru>",
        "sg:source <source/atlas-pero>",
        "nothing describes <source/atlas-pero>; did you mean <source/atlas-peru>?",
        "<source/atlas-pero>",
    ),
    "reference to a thing of another class": Plant(
        "data/rollcalls/unga/A-RES-73-27.ttl",
        r"sg:choice <code/vote-choice/\w+>",
        "sg:choice <code/position/supports>",
        "sg:choice",
        "<code/position/supports>",
    ),
    "second label": Plant(
        "data/countries/CAN.ttl",
        r'rdfs:label "Canada"@en ;',
        'rdfs:label "Canada"@en ,\n        "Kanada"@en ;',
        "A thing has exactly one rdfs:label",
        "rdfs:label",
    ),
    "blank node": Plant(
        "data/memberships/sco.ttl",
        r"(    org:member )<state/CHN>",
        r"\1[]",
        "a blank node stands for a thing",
        "org:member []",
    ),
    "thing without a type": Plant(
        "data/sources/atlas.ttl",
        r"<source/atlas-china>\n    a sg:Source ;\n",
        "<source/atlas-china>\n",
        "nothing says what this is: begin its block with `a` and a class",
        "<source/atlas-china>",
    ),
    "triple of another file": Plant(
        "data/countries/JPN.ttl",
        r"\Z",
        "\n<state/DEU>\n    a sg:State ;\n.\n",
        "this triple also stands in data/countries/DEU.ttl:",
        "    a sg:State ;",
        after="<state/DEU>",
    ),
    "deprecated without a reason": Plant(
        "data/rollcalls/unga/A-RES-74-247.ttl",
        r"(<vote/unga/A-RES-74-247/CAN>\n(?:    .*\n)*?    sg:rank <code/rank/)normal>",
        r"\1deprecated>",
        "A deprecated claim says why: add sg:rankReason",
        "<vote/unga/A-RES-74-247/CAN>",
    ),
    "action before adoption": Plant(
        WCT,
        r'sg:date "2007-04-26"',
        'sg:date "1987-04-26"',
        "No act on a treaty is earlier than the treaty's adoption",
        'sg:date "1987-04-26"',
    ),
    "membership that ends before it starts": Plant(
        "data/memberships/interpol.ttl",
        r"(<membership/CHN/interpol/member>\n    a sg:Membership ;\n)",
        '\\1    sg:end "1901"^^xsd:gYear ;\n    sg:start "1984"^^xsd:gYear ;\n',
        "A spell cannot end before it starts",
        '    sg:end "1901"',
    ),
}


@pytest.fixture(scope="module")
def told(
    shipped_releases: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[GraphFolder, list[str]]:
    """A copy of the shipped graph with all mistakes, and what a build says of it."""
    root = tmp_path_factory.mktemp("planted")
    source = shipped().root
    for part in ("data", "ontology", "shapes", "queries"):
        shutil.copytree(source / part, root / part)
    shutil.copyfile(source / "dataset.ttl", root / "dataset.ttl")
    folder = GraphFolder.at(root)
    shutil.copytree(shipped_releases, root / "releases", symlinks=True)
    before = open_release(root / "releases")
    for plant in PLANTS.values():
        _plant(root, plant)
    (root / "data" / "empty.ttl").write_text("# Nothing yet.\n", "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "stancegraph", "--graph", str(root), "build"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 1
    assert open_release(root / "releases") == before
    return folder, [line for line in done.stderr.splitlines() if ": violation: " in line]


def _plant(root: Path, plant: Plant) -> None:
    path = root / plant.file
    text, changes = re.subn(plant.old, plant.new, path.read_text("utf-8"), count=1)
    assert changes == 1, plant
    path.write_text(text, "utf-8", errors="surrogateescape")


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_planted_mistake_is_told_once_in_its_line(
    told: tuple[GraphFolder, list[str]], plant: Plant
) -> None:
    """Its file has exactly one line for it, which names the place, the rule and the remedy."""
    folder, lines = told
    text = (folder.root / plant.file).read_text("utf-8", errors="replace")
    line = text.count("\n", 0, text.index(plant.at, text.index(plant.after))) + 1

    found = [each for each in lines if each.startswith(f"{plant.file}:")]

    assert len(found) == 1, found
    assert re.match(rf"{re.escape(plant.file)}:{line}(:\d+)?: violation: ", found[0]), found[0]
    assert plant.message in found[0]


def test_nothing_else_is_told(told: tuple[GraphFolder, list[str]]) -> None:
    """What only follows from a planted mistake is not told in any file."""
    _, lines = told

    files = Counter(line.partition(":")[0] for line in lines)

    planted = {plant.file for plant in PLANTS.values()} | {"data/empty.ttl"}
    assert [line for line in lines if line.partition(":")[0] not in planted] == []
    assert files == Counter(dict.fromkeys(planted, 1))


def test_shipped_graph_builds(shipped_releases: Path) -> None:
    """The graph that the repository ships has no violation, and its release verifies."""
    release = open_release(shipped_releases)

    release.verify()
    assert release.counts["claims"] > 500
