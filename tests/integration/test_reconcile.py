"""The reconciliation service, asked as OpenRefine asks, and as the draft of 1.0 has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import jsonschema
import pytest

from tests import reconciliation
from tests.serving import Client, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

ONTOLOGY = "https://w3id.org/stancegraph/ontology#"
STATE = f"{ONTOLOGY}State"
ISO3 = f"{ONTOLOGY}iso3"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.fixture(scope="module")
def service(live_server: str) -> Iterator[Client]:
    with Client(live_server) as client:
        yield client


def told(reply: Reply, schema: reconciliation.Schema) -> Any:
    """The JSON of an answer that any site's scripts may read, as *schema* has it."""
    assert (reply.status, reply.media_type) == (200, JSON), str(reply)
    assert reply.headers["access-control-allow-origin"] == "*"
    found = json.loads(reply.body)
    jsonschema.validate(found, schema, jsonschema.Draft202012Validator)
    return found


def posted(service: Client, name: str, given: object) -> Reply:
    """What OpenRefine sends: JSON in a form."""
    body = urlencode({name: given if isinstance(given, str) else json.dumps(given)})
    return service.request("POST", "/reconcile", body, content_type=FORM)


def matched(service: Client, **queries: object) -> Any:
    return told(posted(service, "queries", queries), reconciliation.RESULTS_OLD)


def drafted(service: Client, path: str, given: object) -> Reply:
    return service.request("POST", path, json.dumps(given), content_type=JSON)


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_openrefine_finds_its_way(service: Client) -> None:
    """From the manifest over types, matches, a search by hand and a preview to new columns."""
    manifest = told(service.request("GET", "/reconcile"), reconciliation.MANIFEST_OLD)
    suggest = {
        what: path_of(f"{place['service_url']}{place['service_path']}")
        for what, place in manifest["suggest"].items()
    }

    # It guesses a type from the first rows, ...
    names = ["Canada", "Ivory Coast", "Korea, Rep.", "Zaire"]
    asked = {f"q{number}": {"query": name, "limit": 3} for number, name in enumerate(names)}
    guessed = matched(service, **asked)
    types = {each["result"][0]["type"][0]["id"] for each in guessed.values()}
    assert types == {STATE}
    assert types < {each["id"] for each in manifest["defaultTypes"]}

    # ... matches with it, with another column for a property, ...
    found = matched(
        service,
        q0={
            "query": "Congo",
            "type": STATE,
            "type_strict": "should",
            "limit": 5,
            "properties": [{"pid": ISO3, "v": "COD"}],
        },
    )["q0"]["result"][0]
    assert (found["id"], found["match"]) == ("state/COD", True)

    # ... lets the user search, with arguments that only its widget knows, ...
    query = urlencode({"prefix": "budap", "type": f"{ONTOLOGY}Treaty", "type_strict": "any"})
    listed = told(
        service.request("GET", f"{suggest['entity']}?{query}&html_escape=true"),
        reconciliation.SUGGESTED_ENTITIES,
    )
    assert listed["result"][0]["id"] == "treaty/budapest-convention"

    # ... shows a thing in a frame and leads to its page, ...
    page = manifest["preview"]["url"].replace("{{id}}", quote("state/COD", safe=""))
    preview = service.request("GET", path_of(page))
    assert preview.media_type == "text/html"
    assert "frame-ancestors" not in preview.headers["content-security-policy"]
    assert "Democratic Republic of the Congo" in preview.text
    view = manifest["view"]["url"].replace("{{id}}", quote("state/COD", safe=""))
    assert service.request("GET", path_of(view), accept="text/html").status == 200
    assert manifest["identifierSpace"] + "state/COD" == f"{ONTOLOGY[:-9]}id/state/COD"

    # ... and adds columns.
    place = manifest["extend"]["propose_properties"]
    query = urlencode({"type": STATE, "limit": 200})
    proposed = told(
        service.request("GET", f"{path_of(place['service_url'] + place['service_path'])}?{query}"),
        reconciliation.PROPOSED,
    )
    assert {ISO3, f"{ONTOLOGY}partyTo"} <= {each["id"] for each in proposed["properties"]}
    wanted = [{"id": ISO3}, {"id": f"{ONTOLOGY}partyTo", "settings": {"limit": "1"}}]
    rows = told(
        posted(service, "extend", {"ids": ["state/CIV", "state/COD"], "properties": wanted}),
        reconciliation.EXTENSION_OLD,
    )["rows"]
    assert rows["state/COD"][ISO3] == [{"str": "COD"}]
    assert [set(each) for each in rows["state/CIV"][f"{ONTOLOGY}partyTo"]] == [{"id", "name"}]


@pytest.mark.parametrize(
    ("what", "prefix", "found"),
    [
        ("type", "treat", f"{ONTOLOGY}Treaty"),
        ("type", "sg:State", STATE),
        ("property", "iso alpha", ISO3),
        ("property", ISO3, ISO3),
        ("property", "", ISO3),
    ],
)
def test_types_and_properties_are_suggested(
    service: Client, what: str, prefix: str, found: str
) -> None:
    """By what they are called, or by their ids; all of them, where nothing is given."""
    reply = service.request("GET", f"/reconcile/suggest/{what}?limit=100&prefix={quote(prefix)}")

    assert found in {each["id"] for each in told(reply, reconciliation.SUGGESTED_WORDS)["result"]}


def test_suggestions_come_in_parts(service: Client) -> None:
    """One after the other, by what either version calls it."""
    path = "/reconcile/suggest/entity?prefix=convention&limit=3"
    first, second, same = (
        told(service.request("GET", path + more), reconciliation.SUGGESTED_ENTITIES)["result"]
        for more in ("", "&cursor=3", "&offset=3")
    )

    assert len(first) == len(second) == 3
    assert second == same != first


def test_an_id_is_suggested_and_matched_itself(service: Client) -> None:
    """As the specification expects."""
    listed = told(
        service.request("GET", "/reconcile/suggest/entity?prefix=state/FRA"),
        reconciliation.SUGGESTED_ENTITIES,
    )

    assert listed["result"][0]["id"] == "state/FRA"
    assert matched(service, a={"query": "state/FRA"})["a"]["result"][0]["id"] == "state/FRA"


def test_the_same_batch_may_come_by_get(service: Client) -> None:
    """For who tries the service in a browser."""
    batch = {"q0": {"query": "Swaziland"}}
    query = urlencode({"queries": json.dumps(batch)})
    found = told(service.request("GET", f"/reconcile?{query}"), reconciliation.RESULTS_OLD)

    assert found == matched(service, **batch)
    assert found["q0"]["result"][0]["id"] == "state/SWZ"


def test_what_is_wrong_with_a_query_is_told_in_its_place(service: Client) -> None:
    """The others are answered; nothing found is an empty list, and only that is."""
    found = matched(
        service,
        fine={"query": "Zaire"},
        nothing={"query": "Xyzzyx"},
        of_no_type={"query": "Zaire", "type": "Kingdom"},
        of_no_property={"query": "Zaire", "properties": [{"pid": "sg:isoo3", "v": "COD"}]},
        limitless={"query": "Zaire", "limit": 0},
        empty={"query": " "},
        text="Zaire",
    )

    assert found.pop("fine")["result"][0]["id"] == "state/COD"
    assert found.pop("nothing") == {"result": []}
    assert all(each["status"] == 400 and "result" not in each for each in found.values())
    assert found["of_no_type"]["error"] == "no type is 'Kingdom'"
    assert "did you mean" in found["of_no_property"]["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("queries=%7B", 400),
        ("queries=%5B%5D", 400),
        ("extend=%7B%7D", 400),
        ("x=1", 400),
        (urlencode({"queries": json.dumps({str(n): {"query": "x"} for n in range(501)})}), 413),
    ],
)
def test_a_batch_that_cannot_be_answered_is_refused(
    service: Client, body: str, status: int
) -> None:
    """As a whole, with what to mend."""
    reply = service.request("POST", "/reconcile", body, content_type=FORM)

    assert reply.status == status
    assert reply.problem["detail"]


def test_a_body_of_another_kind_is_refused(service: Client) -> None:
    """With what is read."""
    reply = service.request("POST", "/reconcile", "queries={}", content_type="text/plain")

    assert reply.status == 415
    assert reply.problem["offered"] == [FORM, JSON]


def test_properties_tell_things_apart(service: Client) -> None:
    """One that is met makes certain, one that is not takes certainty; alone they find."""

    def constrained(query: str, pid: str, value: object) -> list[tuple[str, bool]]:
        asked = {"query": query, "type": "State", "properties": [{"pid": pid, "v": value}]}
        result = matched(service, q=asked)["q"]["result"]
        return [(each["id"], each["match"]) for each in result]

    region = {"id": "region/202", "name": "Sub-Saharan Africa"}
    assert constrained("Congo", "sg:iso3", "COG")[0] == ("state/COG", True)
    assert constrained("Zaire", "sg:iso3", "cod") == [("state/COD", True)]
    assert constrained("Zaire", "sg:iso3", "FRA") == [("state/COD", False)]
    assert constrained("Zaire", "sg:inRegion", region) == [("state/COD", True)]
    assert constrained("Zaire", "sg:inRegion", "sub-saharan africa") == [("state/COD", True)]
    assert constrained("", "sg:iso3", "FRA") == [("state/FRA", True)]
    assert len(constrained("", "sg:inRegion", "Sub-Saharan Africa")) == 5


def test_the_draft_is_spoken_to_who_asks_for_it(service: Client) -> None:
    """By the header Accept, by the address or by a body of JSON."""
    manifest = told(
        service.request("GET", "/reconcile", accept="application/json;version=1.0-draft"),
        reconciliation.MANIFEST_DRAFT,
    )
    query = {
        "type": "State",
        "limit": 2,
        "conditions": [
            {"matchType": "name", "v": "Congo"},
            {"matchType": "property", "pid": ISO3, "v": ["COD", "FRA"], "required": True},
        ],
    }
    batch = {"queries": [query, {"conditions": []}, {"conditions": [{"v": "France"}]}]}

    assert manifest["standardizedScore"]
    for path in ("/reconcile/match", "/reconcile"):
        results = told(drafted(service, path, batch), reconciliation.RESULTS_DRAFT)["results"]
        assert [each["id"] for each in results[0]["candidates"]] == ["state/COD"]
        assert [each["status"] for each in results[1:]] == [400, 400]


def test_the_draft_has_its_own_form_of_values(service: Client) -> None:
    """Rows and properties in arrays, texts with their languages."""
    asked = {
        "ids": ["treaty/budapest-convention", "state/XXX"],
        "properties": [{"id": f"{ONTOLOGY}openedForSignature"}, {"id": "rdfs:label"}],
    }
    for path in ("/reconcile/extend", "/reconcile"):
        found = told(drafted(service, path, asked), reconciliation.EXTENSION_DRAFT)
        opened, label = found["rows"][0]["properties"]
        assert opened["values"] == [{"date": "2001-11-23T00:00:00Z"}]
        assert label["values"] == [{"str": "Budapest Convention", "lang": "en"}]
        assert list(found["errors"]) == ["state/XXX"]


def test_values_may_be_of_one_language(service: Client) -> None:
    """As many as are asked for."""
    wanted = {"id": "skos:altLabel", "settings": {"language": "de", "limit": 5}}
    found = told(
        posted(service, "extend", {"ids": ["state/CIV"], "properties": [wanted]}),
        reconciliation.EXTENSION_OLD,
    )

    assert {"str": "Elfenbeinküste"} in found["rows"]["state/CIV"]["skos:altLabel"]
    assert len(found["rows"]["state/CIV"]["skos:altLabel"]) < 5


def test_a_preview_of_nothing_is_not_found(service: Client) -> None:
    """404, as a page of nothing."""
    assert service.request("GET", "/reconcile/preview?id=state/XXX").status == 404
