"""Linked data over HTTP: every IRI of the graph answers, in every format and as a page."""

from __future__ import annotations

import json
import re
from collections import deque
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.folder import GraphFolder
from stancegraph.terms import OWL, RDF, SG, SH
from stancegraph.web import Site, create_app, entities
from tests.serving import Reply, fetch, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.build.release import Release

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/stancegraph/"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

MEDIA_TYPES = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "trig": "application/trig",
    "nq": "application/n-quads",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
OXIGRAPH = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
}
RDFLIB = {
    "ttl": "turtle", "nt": "nt", "trig": "trig", "nq": "nquads", "jsonld": "json-ld", "rdf": "xml",
}  # fmt: skip

MANY = 2500  # statements
STATE = "id/state/CAN"
CLAIM = "id/action/wipo-copyright-treaty/CHN/signature"
PATHS = {
    "state": STATE,
    "treaty": "id/treaty/budapest-convention",
    "vote": "id/vote/unga/A-RES-74-247/CAN",
    "disputed claim": CLAIM,
    "evidence": "id/evidence/atlas-peru/CA8",
    "source with dots": "id/source/fedlex-0.311.43-2025",
    "code": "id/code/rank/deprecated",
    "code list": "id/code/rank",
    "agent": "id/agent/stancegraph",
    "derived spell": "id/spell/budapest-convention/CAN/contracting-state",
    "ontology": "ontology",
    "version of the ontology": "ontology/0.1.0",
    "rule": "ontology/rules/dates",
    "shapes": "shapes",
    "file": "graph/data/countries/CAN",
    "derived graph": "graph/derived/treaty-status",
    "description": "graph/description",
}
LONG = {"derived graph", "description"}  # documents, which take parsers seconds


def quads(reply: Reply, form: str) -> set[ox.Quad]:
    """What pyoxigraph reads in a document."""
    return {
        found if isinstance(found, ox.Quad) else ox.Quad(*found)
        for found in ox.parse(reply.body, format=OXIGRAPH[form])
    }


def triples(reply: Reply, form: str) -> set[ox.Triple]:
    """The triples of a document without blank nodes, whichever graph they stand in."""
    found = {quad.triple for quad in quads(reply, form)}
    return {triple for triple in found if ox.BlankNode not in {type(term) for term in triple}}


def subjects(found: set[ox.Triple]) -> set[str]:
    """The IRIs that statements are about."""
    return {t.subject.value for t in found if isinstance(t.subject, ox.NamedNode)}


def graphs(found: set[ox.Quad]) -> set[str]:
    """The named graphs of quads."""
    return {quad.graph_name.value for quad in found if isinstance(quad.graph_name, ox.NamedNode)}


@pytest.fixture(scope="module")
def release(shipped_releases: Path) -> Release:
    return open_release(shipped_releases)


@pytest.fixture(scope="module")
def stated(release: Release) -> ox.Store:
    """What the release holds, read apart from any engine."""
    store = ox.Store()
    store.bulk_load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    return store


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name, marks=pytest.mark.whole if name in LONG else ())
        for name, path in PATHS.items()
    ],
)
def test_an_iri_answers_alike_in_every_format(live_server: str, path: str) -> None:
    """Each is asked for by Accept; two independent parsers read the same, however written."""
    replies = {form: fetch(live_server, path, accept) for form, accept in MEDIA_TYPES.items()}

    assert {form: (r.status, r.media_type) for form, r in replies.items()} == {
        form: (200, media_type) for form, media_type in MEDIA_TYPES.items()
    }
    counts = {form: len({q.triple for q in quads(reply, form)}) for form, reply in replies.items()}
    assert set(counts.values()) == {counts["nt"]}, counts
    assert all(
        triples(reply, form) == triples(replies["nt"], "nt") for form, reply in replies.items()
    )
    if counts["nt"] > MANY:  # rdflib takes its time
        return
    for form, reply in replies.items():
        read = rdflib.Dataset(default_union=True).parse(
            data=reply.text, format=RDFLIB[form], publicID="http://127.0.0.1/"
        )
        assert len({quad[:3] for quad in read.quads()}) == counts["nt"], form


@pytest.mark.parametrize("path", PATHS.values(), ids=list(PATHS))
def test_an_iri_answers_with_a_page(live_server: str, path: str) -> None:
    """A browser gets HTML without scripts of its own, with the IRI and links to all formats."""
    reply = fetch(live_server, path, BROWSER)

    page = Page(reply.text)
    assert (reply.status, reply.media_type) == (200, "text/html")
    assert f"<code>{BASE}{path}</code>" in reply.text
    assert page.alternates == {
        media_type: f"/{path}.{form}" for form, media_type in MEDIA_TYPES.items()
    }
    assert not re.search(r'<script(?! type="module" src="/assets/| type="application/)', reply.text)
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"


def test_the_release_has_a_page_and_data(live_server: str, release: Release) -> None:
    """Numbers, digest and how to cite; and its description of itself."""
    path = f"release/{release.id}"

    page, data = fetch(live_server, path, BROWSER), fetch(live_server, f"{path}.nq")

    assert release.digest in page.text
    assert f"release {release.id}. {release.iri} [" in re.sub("<[^>]*>", "", page.text)
    assert graphs(quads(data, "nq")) == {f"{BASE}graph/description"}
    assert release.iri in subjects(triples(data, "nq"))


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/turtle"),
        ("*/*", "text/turtle"),
        (BROWSER, "text/html"),
        ("text/*", "text/turtle"),
        ("text/html;q=0.5, application/n-quads", "application/n-quads"),
        ("application/rdf+xml;q=0.7, text/turtle;q=0.7", "text/turtle"),
        ("application/rdf+xml;q=0.8, text/turtle;q=0.7, */*;q=0.1", "application/rdf+xml"),
        ("text/turtle;q=0, */*;q=0.1", "application/n-triples"),
        ("application/json", "application/ld+json"),
        ("application/sparql-results+json, application/ld+json;q=0.2", "application/ld+json"),
        ("image/png, text/html;q=0.1", "text/html"),
    ],
)
def test_accept_is_weighed(live_server: str, accept: str | None, media_type: str) -> None:
    """By its weights; Turtle where anything will do."""
    assert fetch(live_server, STATE, accept).media_type == media_type


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (f"{STATE}.ttl", "text/turtle"),
        (f"{STATE}.jsonld", "application/ld+json"),
        (f"{STATE}.html", "text/html"),
        (f"{STATE}?format=rdf", "application/rdf+xml"),
        (f"{STATE}?format=turtle", "text/turtle"),
        ("ontology.ttl", "text/turtle"),
        ("shapes.nt", "application/n-triples"),
        ("ontology/0.1.0.rdf", "application/rdf+xml"),
        ("id/source/fedlex-0.311.43-2025.trig", "application/trig"),
        ("/?format=jsonld", "application/ld+json"),
    ],
)
def test_the_address_may_name_the_format(live_server: str, path: str, media_type: str) -> None:
    """By its ending or by ``format``, whatever Accept prefers."""
    reply = fetch(live_server, path, "image/png")

    assert (reply.status, reply.media_type) == (200, media_type)


def test_a_document_says_where_else_it_is(live_server: str) -> None:
    """The address of this format, those of the others, the public IRI and the licence."""
    reply = fetch(live_server, STATE, "text/turtle")

    assert reply.headers["content-location"] == f"/{STATE}.ttl"
    assert reply.headers["vary"] == "Accept, Accept-Encoding"
    assert reply.links("canonical") == [BASE + STATE]
    assert reply.links("describedby") == [f"/{STATE}.ttl"]
    assert reply.links("license") == ["https://creativecommons.org/licenses/by/4.0/"]
    assert reply.links("alternate") == [
        f"/{STATE}.{form}" for form in (*MEDIA_TYPES, "html") if form != "ttl"
    ]
    for address in reply.links("alternate"):
        assert fetch(live_server, address).status == 200


def test_head_has_the_headers_of_get(live_server: str) -> None:
    """The same status and headers, and no body."""
    get, head = (fetch(live_server, STATE, "text/turtle", method) for method in ("GET", "HEAD"))

    assert head.body == b""
    for name in ("content-type", "content-location", "link", "etag"):
        assert head.headers[name] == get.headers[name]


def test_the_graph_itself_answers_under_its_own_iri(live_server: str) -> None:
    """The home page for browsers and for who accepts anything, data for who prefers it."""
    pages = [fetch(live_server, "/", accept) for accept in (BROWSER, "*/*", None)]
    data = fetch(live_server, "/", "application/n-triples")

    assert {page.media_type for page in pages} == {"text/html"}
    assert pages[0].links("canonical") == [BASE]
    assert BASE in subjects(triples(data, "nt"))


def test_void_leads_to_the_description_of_the_release(live_server: str, release: Release) -> None:
    """Where crawlers look for it."""
    reply = fetch(live_server, "/.well-known/void")

    data = fetch(live_server, reply.headers["location"], "application/n-triples")

    assert reply.status == 302
    assert release.iri in subjects(triples(data, "nt"))


def test_describe_gives_what_the_document_holds(live_server: str) -> None:
    """SPARQL and linked data say the same of a thing."""
    query = quote(f"DESCRIBE <{BASE}{STATE}>", safe="")

    by_sparql = fetch(live_server, f"/sparql?query={query}", "application/n-triples")
    by_address = fetch(live_server, f"{STATE}.nt")

    assert triples(by_sparql, "nt") == triples(by_address, "nt")


def test_quads_tell_the_file_that_a_statement_stands_in(live_server: str, stated: ox.Store) -> None:
    """TriG and N-Quads have the statements of the release, graph by graph."""
    found = quads(fetch(live_server, f"{CLAIM}.nq"), "nq")

    assert found == quads(fetch(live_server, f"{CLAIM}.trig"), "trig")
    assert found <= set(stated)
    assert f"{BASE}graph/data/treaties/wipo-copyright-treaty" in graphs(found)


def test_a_graph_is_what_its_file_states(live_server: str, stated: ox.Store) -> None:
    """All of it, under its own name."""
    name = ox.NamedNode(f"{BASE}graph/data/countries/CAN")

    found = quads(fetch(live_server, "graph/data/countries/CAN.trig"), "trig")

    assert found == set(stated.quads_for_pattern(None, None, None, name))


def test_json_ld_reads_as_json(live_server: str) -> None:
    """Short keys, typed dates, evidence within the claim and the source within that."""
    found = json.loads(fetch(live_server, STATE, "application/ld+json").body)

    claims = {claim["id"].removeprefix(f"{BASE}id/"): claim for claim in found["claims"]}
    claim = claims["action/budapest-convention/CAN/ratification"]
    assert (found["id"], found["type"], found["label"]) == (BASE + STATE, "State", "Canada")
    assert (claim["type"], claim["date"]) == ("TreatyAction", "2015-07-08")
    assert claim["treaty"]["label"] == "Budapest Convention"
    assert claim["actor"] == {"id": BASE + STATE, "label": "Canada"}
    assert all(place["source"]["title"] for place in claim["evidence"])
    assert found["@context"]["date"] == {"@id": "sg:date", "@type": "xsd:date"}


def test_the_whole_context_means_the_same(live_server: str) -> None:
    """What a document has of the context agrees with what /context.jsonld says."""
    whole = json.loads(fetch(live_server, "/context.jsonld").body)["@context"]
    document = json.loads(fetch(live_server, f"{STATE}.jsonld").body)

    assert document["@context"].items() <= whole.items()
    with_whole = ox.parse(json.dumps({**document, "@context": whole}), format=ox.RdfFormat.JSON_LD)
    assert {found.triple for found in with_whole} == {
        quad.triple for quad in quads(fetch(live_server, f"{STATE}.jsonld"), "jsonld")
    }


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("id/state/CANN", ["/id/state/CAN"]),
        ("id/state/Canada", ["/id/state/CAN"]),
        ("id/state/CAN.csv", []),
        ("id/state", []),
        ("id/nothing/at-all", []),
        ("id/no%20iri/%3C", []),
        ("graph/data/nothing", []),
        ("ontology/9.9.9", []),
        ("release/2000-01-01-000000000000", []),
        ("release/%2E%2E", []),
        ("describe?iri=https://example.org/x", []),
        ("describe?iri=no%20iri", []),
    ],
)
def test_what_is_unknown_is_not_found(live_server: str, path: str, near: list[str]) -> None:
    """404, with what is called alike."""
    reply = fetch(live_server, path, "application/json")

    problem = json.loads(reply.body)
    assert (reply.status, problem["status"]) == (404, 404)
    if near:
        assert [see["address"] for see in problem["see"]][:1] == near
        assert fetch(live_server, near[0]).status == 200


@pytest.mark.parametrize("accept", ["image/png", "text/csv", "*/*;q=0"])
def test_what_cannot_be_written_is_not_acceptable(live_server: str, accept: str) -> None:
    """406, with what can be had."""
    reply = fetch(live_server, STATE, accept)

    assert reply.status == 406


@pytest.mark.parametrize(
    "path", [f"{STATE}?format=csv", f"{STATE}?format=nonsense", "describe", "describe?format=ttl"]
)
def test_a_wrong_argument_is_told(live_server: str, path: str) -> None:
    """400: a format that is none of a document's, no IRI to describe."""
    assert fetch(live_server, path).status == 400


def test_a_disputed_claim_is_shown_beside_its_rivals(live_server: str) -> None:
    """Both sides with their evidence, and which of them is deprecated, and why."""
    page = fetch(live_server, CLAIM, BROWSER).text

    dispute = page[page.index('class="dispute"') :]
    assert "deprecated: <a" in dispute
    assert "preferred: <a" in dispute
    assert "China has also signed the World Intellectual Property Organization" in dispute
    assert 'class="claim deprecated" id="action/wipo-copyright-treaty/CHN/signature"' in dispute


def test_a_things_page_tells_where_and_when(live_server: str) -> None:
    """Facts with their source, claims by kind with date, quotation, place and source."""
    page = fetch(live_server, STATE, BROWSER).text

    assert '<a href="/id/region/021">Northern America</a>' in page
    assert '<time datetime="2015-07-08">8 July 2015</time>' in page
    assert "<blockquote><p>“Canada acceded to the Council of Europe" in page
    assert "section on Canada, 2nd sentence" in page
    assert 'Stated in <a href="/graph/data/countries/CAN">' in page


@pytest.mark.parametrize(
    ("path", "kinds", "namespace"),
    [
        (
            "ontology",
            (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty),
            f"{BASE}ontology#",
        ),
        ("shapes", (SH.NodeShape, SH.PropertyShape, SH.SPARQLConstraint), f"{BASE}shapes#"),
    ],
)
def test_each_hash_iri_leads_to_its_place_on_the_page(
    live_server: str,
    stated: ox.Store,
    path: str,
    kinds: tuple[ox.NamedNode, ...],
    namespace: str,
) -> None:
    """Every word and every rule has an id on the page of its document."""
    terms = {
        quad.subject.value.removeprefix(namespace)
        for kind in kinds
        for quad in stated.quads_for_pattern(None, RDF.type, kind)
        if isinstance(quad.subject, ox.NamedNode)
    }

    page = Page(fetch(live_server, path, BROWSER).text)

    assert terms
    assert terms <= set(page.ids)


def test_the_ontology_page_counts_uses(live_server: str, stated: ox.Store) -> None:
    """With a query that gives them."""
    number = len(set(stated.quads_for_pattern(None, RDF.type, SG.Stance)))
    page = fetch(live_server, "ontology", BROWSER).text

    article = page[page.index('id="Stance"') :].partition("</article>")[0]
    address = re.search(rf'<a href="([^"]+)">{number} things</a>', article)
    assert address is not None
    rows = fetch(live_server, address[1].replace("&amp;", "&")).text.split()
    assert len(rows) == number + 1
    assert "A stance" in article  # the rules of its shape
    assert 'href="/explore/stances"' in article
    assert "a sg:Stance ;" in article  # the example
    assert 'href="/queries/stances/' in article  # a question that names it


def test_the_ontology_page_shows_how_classes_connect(live_server: str) -> None:
    """In a picture whose links work, and in a table that says the same."""
    page = fetch(live_server, "ontology", BROWSER).text

    picture = page[page.index("<figure") :].partition("</figure>")[0]
    table = page.partition("</figure>")[2].partition("</table>")[0]
    assert 'href="/ontology#Stance"' in picture
    assert 'href="/ontology#Stance"' in table
    assert 'href="/ontology#Evidence"' in table
    assert set(re.findall(r'href="/ontology#(\w+)"', picture)) <= set(Page(page).ids)


def test_terms_are_found_on_the_ontology_page(live_server: str) -> None:
    """By name, without script; a term that does not fit is left out."""
    found = Page(fetch(live_server, "ontology?q=roll+call", BROWSER).text).ids

    assert "RollCall" in found
    assert "rollCall" in found
    assert "Stance" not in found


class Page(HTMLParser):
    """The links, ids and alternates of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: list[str] = []
        self.alternates: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        said = {name: text or "" for name, text in attrs}
        if "id" in said:
            self.ids.append(said["id"])
        if tag == "a" and "href" in said:
            self.hrefs.append(said["href"])
        feed = said.get("type") == "application/atom+xml"
        if tag == "link" and said.get("rel") == "alternate" and not feed:
            self.alternates[said["type"]] = said["href"]


def crawl(server: str, start: list[str], bound: int) -> Iterator[tuple[str, Reply, Page]]:
    """Pages from *start* on, breadth first, following links that stay on *server*."""
    queue, seen = deque(start), set(start)
    while queue and bound:
        path = queue.popleft()
        reply = fetch(server, path, BROWSER)
        page = Page(reply.text if reply.media_type == "text/html" else "")
        yield path, reply, page
        bound -= 1
        for href in page.hrefs:
            target = href.partition("#")[0]
            if target.startswith("/") and target not in seen:
                seen.add(target)
                queue.append(target)


@pytest.mark.whole
def test_every_link_that_stays_here_leads_somewhere(live_server: str) -> None:
    """The first pages of a walk through the site, and all anchors within them."""
    start = [f"/{path}" for path in PATHS.values()]

    found = list(crawl(live_server, start, 200))

    assert {path: reply.status for path, reply, _ in found if reply.status != 200} == {}
    ids = {path: set(page.ids) for path, _, page in found}
    broken = {
        (path, href)
        for path, _, page in found
        for href in page.hrefs
        if href.startswith(("#", "/")) and "#" in href
        for target, _, anchor in [href.partition("#")]
        if (target or path) in ids and anchor not in ids[target or path]
    }
    assert broken == set()


@pytest.mark.whole
def test_things_answer_under_their_iris(live_server: str, stated: ox.Store) -> None:
    """A sample of all that the release speaks of under /id/, the same each time."""
    iris = sorted(
        {
            quad.subject.value
            for quad in stated
            if isinstance(quad.subject, ox.NamedNode)
            and quad.subject.value.startswith(f"{BASE}id/")
        }
    )

    statuses = {
        iri: fetch(live_server, iri.removeprefix(BASE), BROWSER, "HEAD").status
        for iri in iris[::12]
    }

    assert len(statuses) > 100
    assert {iri for iri, status in statuses.items() if status != 200} == set()


@pytest.mark.parametrize("form", MEDIA_TYPES)
def test_a_large_graph_is_passed_on_as_it_comes(
    release: Release, stated: ox.Store, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Beyond a bound nothing is held in a web process, and all of the graph is there still."""
    monkeypatch.setattr(entities, "MAX_HELD", 10)
    name = ox.NamedNode(f"{BASE}graph/data/countries/CAN")
    options = EngineOptions(workers=1)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        site = Site(release, engine, Catalog.load(release.path), "", query_timeout=10)

        reply = create_app(site).test_client().get(f"/graph/data/countries/CAN.{form}")

    found = quads(Reply(reply.status_code, {}, reply.data), form)
    assert {quad.triple for quad in found} == {
        quad.triple for quad in stated.quads_for_pattern(None, None, None, name)
    }
    assert reply.headers["Content-Location"] == f"/graph/data/countries/CAN.{form}"


@pytest.fixture(scope="module")
def other(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A server of another graph: with keys that end like formats, and a retired IRI."""
    root = tmp_path_factory.mktemp("other")
    write_other(root)
    folder = GraphFolder.at(root)
    build(folder, root / "releases")
    (root / "data" / "more.ttl").write_text(
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "PREFIX sg: <https://w3id.org/stancegraph/ontology#>\n"
        '<https://example.org/moon/id/document/more> a sg:Document ; rdfs:label "More" .\n'
    )
    build(folder, root / "releases")
    with serving("--releases", root / "releases", graph=root) as server:
        yield server.address


MOON = "https://example.org/moon/"


def write_other(root: Path) -> None:
    """A graph folder that stands alone, on a few words of the shared vocabulary."""
    (root / "data").mkdir()
    (root / "ontology").mkdir()
    (root / "dataset.ttl").write_text(f"""\
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX void: <http://rdfs.org/ns/void#>

<{MOON}>
    a dcat:Dataset , void:Dataset ;
    dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ;
    dcterms:publisher <{MOON}id/agent/tests> ;
    dcterms:title "Moon"@en ;
    void:uriSpace "{MOON}" ;
.

<{MOON}id/agent/tests>
    a foaf:Agent ;
    foaf:name "Tests" ;
.
""")
    (root / "ontology" / "moon.ttl").write_text("""\
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>

sg:Document
    a owl:Class ;
.

sg:RetiredIRI
    a owl:Class ;
.
""")
    (root / "data" / "documents.ttl").write_text(f"""\
BASE <{MOON}id/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>

<document/list>
    a sg:Document ;
    rdfs:label "The list"@en ;
.

<document/list.nt>
    a sg:Document ;
    rdfs:label "The list as a file"@en ;
.

<document/liste-é>
    a sg:Document ;
    rdfs:label "La liste"@fr ;
.

<document/catalogue>
    a sg:RetiredIRI ;
    dcterms:isReplacedBy <document/list> ;
    rdfs:comment "The same document as the list."@en ;
    owl:deprecated true ;
.

<document/gone>
    a sg:RetiredIRI ;
    rdfs:comment "It never was."@en ;
    owl:deprecated true ;
.
""")


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("id/document/list", "document/list"),
        ("id/document/list.ttl", "document/list"),
        ("id/document/list.nt", "document/list.nt"),
        ("id/document/list.nt.nt", "document/list.nt"),
        ("id/document/liste-é.ttl", "document/liste-é"),
    ],
)
def test_only_what_is_no_key_is_an_ending(other: str, path: str, subject: str) -> None:
    """A key that ends like a format is a key; the format may be appended to it too."""
    reply = fetch(other, path, "text/turtle")

    form = {"text/turtle": "ttl", "application/n-triples": "nt"}[reply.media_type]
    assert form == ("nt" if path.endswith(".nt.nt") else "ttl")
    assert f"{MOON}id/{subject}" in subjects(triples(reply, form))


@pytest.mark.parametrize("accept", ["text/turtle", BROWSER, "application/json"])
def test_a_retired_iri_is_gone(other: str, accept: str) -> None:
    """410 in whatever form, with the reason, and a link to what took its place."""
    reply = fetch(other, "id/document/catalogue", accept)

    assert reply.status == 410
    assert "The same document as the list" in reply.text
    assert reply.links("successor-version") == [f"{MOON}id/document/list"]
    if accept == BROWSER:
        assert '<a href="/id/document/list">The list</a>' in reply.text


def test_a_retired_iri_may_have_no_successor(other: str) -> None:
    """Then there is no link; the ending of a format changes nothing."""
    reply = fetch(other, "id/document/gone.ttl", "application/json")

    assert reply.status == 410
    assert "link" not in reply.headers
    assert "see" not in json.loads(reply.body)


def test_shared_words_and_codes_are_told_of_here(tmp_path: Path) -> None:
    """A graph that shares a vocabulary serves that of another base too; all links hold."""
    folder = GraphFolder.at(ROOT / "examples" / "cluster-munitions")
    start = "/id/stance/NOR/keep-though-others-do-not/foreign-minister"
    build(folder, tmp_path / "releases")
    with serving("--releases", tmp_path / "releases", graph=folder.root) as server:
        pages = list(crawl(server.address, [start], 60))
        term = fetch(server.address, f"/describe?iri={BASE}ontology", BROWSER)

    assert {path: reply.status for path, reply, _ in pages if reply.status != 200} == {}
    assert 'id="Stance"' in term.text
    assert any(path.startswith(f"/describe?iri={BASE}id/code/") for path, _, _ in pages)


def test_words_of_another_base_are_told_of_here(other: str) -> None:
    """What is not under the graph's own base has an address too."""
    term = fetch(other, "describe?iri=https://w3id.org/stancegraph/ontology%23Document", BROWSER)

    assert term.status == 200
    assert "https://w3id.org/stancegraph/ontology#Document" in term.text
    assert fetch(other, "shapes").status == 404


def test_an_earlier_release_is_kept_and_told_of(other: str) -> None:
    """Its page says which one is served; its data is its own description."""
    served = fetch(other, "/", BROWSER).headers["x-stancegraph-release"]
    page = fetch(other, f"release/{served}", BROWSER)
    before = next(h for h in Page(page.text).hrefs if h.startswith("/release/") and served not in h)

    earlier, data = fetch(other, before, BROWSER), fetch(other, f"{before}.nt")

    assert earlier.status == 200
    assert f'<a href="/release/{served}">' in earlier.text
    iri = MOON + before.removeprefix("/")
    assert iri in subjects(triples(data, "nt"))
    assert fetch(other, f"release/{served}").status == 200
