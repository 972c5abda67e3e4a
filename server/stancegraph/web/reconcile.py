"""The reconciliation service: what the names in somebody's table mean, for OpenRefine and its like.

It speaks version 0.2 of the Reconciliation Service API of the W3C community group, and the draft
of 1.0 to who asks for it: by ``Accept: application/json;version=1.0-draft``, by a body of JSON,
or at the addresses that the draft names, such as ``/reconcile/match``.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyoxigraph as ox
from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)

from stancegraph import __version__
from stancegraph.errors import (
    BadParameter,
    BadRequest,
    BatchTooLarge,
    StancegraphError,
    UnknownThing,
    UnsupportedMediaType,
)
from stancegraph.matching import Matcher
from stancegraph.reconcile import Reconciler
from stancegraph.web import links
from stancegraph.web.arguments import read_arguments
from stancegraph.web.frame import LANGUAGE
from stancegraph.web.reconciling import (
    DRAFT,
    OLD,
    VERSIONS,
    Reader,
    described,
    in_language,
    told_candidate,
    told_rows,
    told_value,
)
from stancegraph.web.site import current_site, current_vocabulary
from stancegraph.wordlist import properties_of, types_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask

    from stancegraph.matching import Candidate
    from stancegraph.names import Names
    from stancegraph.reconcile import Query
    from stancegraph.web.reconciling import Version
    from stancegraph.web.site import Site
    from stancegraph.wordlist import Word, Words

    Json = dict[str, Any]

bp = Blueprint("reconcile", __name__, url_prefix="/reconcile")

BATCH = 500  # queries at once
MAX_THINGS = 500  # of a data extension
MAX_PROPERTIES = 50
SUGGESTED = 10
MOST_SUGGESTED = 100
MAX_PREFIX = 300  # characters
MAX_DIGITS = 9
PREVIEW = {"width": 430, "height": 300}  # pixels
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_SERVICE = "stancegraph.reconcile"


class Service:
    """What the service needs beside a request: made once a release, the words when first asked."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.names: Names = site.catalog.names
        self.matcher = Matcher(self.names)

    @cached_property
    def reconciler(self) -> Reconciler:
        """What answers queries."""
        return Reconciler(
            self.names, self.matcher, self._site.engine, deadline=self._site.query_timeout
        )

    @cached_property
    def reader(self) -> Reader:
        """What reads them."""
        return Reader(self.types, self.properties)

    @cached_property
    def types(self) -> Words:
        """The classes that things are of."""
        return types_of(self.names, current_vocabulary())

    @cached_property
    def properties(self) -> Words:
        """The properties that things have."""
        return properties_of(current_vocabulary())

    def types_of(self, key: str) -> list[Word]:
        """The classes of the thing *key*, the narrowest first."""
        return [self.types.by_iri[iri] for iri in self._classes.get(key, ())]

    @cached_property
    def _classes(self) -> Mapping[str, Sequence[str]]:
        """By key, the IRIs of classes, the narrowest first: those with the fewest things."""
        members = self.names.sorts.classes
        vocabulary = current_vocabulary()

        def width(iri: str) -> tuple[int, int, str]:
            return len(members[iri]), len(vocabulary.narrower(ox.NamedNode(iri))), iri

        found: dict[str, list[str]] = {}
        for iri in sorted(self.types.by_iri, key=width):
            for key in members[iri]:
                found.setdefault(key, []).append(iri)
        return found


def prepare(app: Flask) -> None:
    """Make what the service needs before the first request comes."""
    app.extensions[_SERVICE] = Service(app.extensions["stancegraph"])


def _service() -> Service:
    return cast("Service", current_app.extensions[_SERVICE])


@bp.route("", methods=["GET", "POST"], strict_slashes=False)
def root() -> Response:
    """The manifest; the results of ``queries``; or the values that ``extend`` asks for.

    200, with an ``error`` in place of the result of each query that has none; 400 for a batch
    that cannot be read; 413 for one that is too large; 415 for a body that is neither a form
    nor JSON; 500, 503, 504 where values are asked for and the engine does not answer.
    """
    if request.method == "POST" and request.mimetype == JSON:
        given = _json_object(request.get_data())
        return _extended(given, DRAFT) if "ids" in given else _matched(given, DRAFT)
    arguments = read_arguments(request.query_string)
    if request.method == "POST":
        if request.mimetype != FORM:
            raise UnsupportedMediaType(request.mimetype, [FORM, JSON])
        arguments.update(read_arguments(request.get_data()))
    if "queries" in arguments:
        return _matched(_json_object(arguments["queries"]), OLD)
    if "extend" in arguments:
        return _extended(_json_object(arguments["extend"]), OLD)
    if request.method == "POST":
        raise BadRequest("the form has neither queries nor extend")
    return jsonify(_manifest(_asked_version()))


@bp.post("/match")
def match() -> Response:
    """The results of the queries in a body of JSON, as the draft of 1.0 has them; as above."""
    return _matched(_json_object(_json_body()), DRAFT)


@bp.post("/extend")
def extend() -> Response:
    """The values of properties of things, as the draft of 1.0 has them; as above."""
    return _extended(_json_object(_json_body()), DRAFT)


@bp.get("/extend/propose")
def propose() -> Response:
    """The properties that the things of the class ``type`` have, the commonest first.

    200; 400 for a type that there is none of; 500, 503, 504 as the endpoint.
    """
    service = _service()
    named = request.args.get("type", "")
    limit = _number("limit", MOST_SUGGESTED, MOST_SUGGESTED)
    words = service.properties
    if named:
        iri = service.types.read(named)
        book = {made.iri: made for made in current_vocabulary().codebook.classes}
        have = sorted(book[iri].properties, key=lambda each: -each.things) if iri in book else []
        found = [words.by_iri[p.iri] for p in have if p.things and p.iri in words.by_iri]
    else:
        found = words.suggest("")
    told: Json = {"properties": [_suggested(word) for word in found[:limit]], "limit": limit}
    return jsonify(told | ({"type": named} if named else {}))


@bp.get("/suggest/<any(entity, type, property):what>")
def suggest(what: str) -> Response:
    """The things, classes or properties that ``prefix`` may be the beginning of.

    200, also where there are none; 400 for a ``cursor`` (0.2), ``offset`` or ``limit`` (1.0) that
    is no number, or a type that there is none of. Other arguments are not looked at: clients send
    many. Things are those of the class ``type``, if it is given.
    """
    service = _service()
    prefix = request.args.get("prefix", "").strip()[:MAX_PREFIX]
    first = _number("offset" if "offset" in request.args else "cursor", 0, 10**6, least=0)
    limit = _number("limit", SUGGESTED, MOST_SUGGESTED)
    if what == "entity":
        found = _things(service, prefix, request.args.get("type", ""))
    else:
        words = service.types if what == "type" else service.properties
        found = [_suggested(word) for word in words.suggest(prefix)]
    return jsonify({"result": found[first : first + limit]})


@bp.get("/preview")
def preview() -> Response:
    """A few lines on the thing ``id``, as a small page: 200; 404 for an id of nothing."""
    site, service = current_site(), _service()
    key = request.args.get("id", "")
    if key not in service.names.by_key:
        raise UnknownThing(key)
    label, *others = service.names.by_key[key]
    return make_response(
        render_template(
            "preview.html",
            label=label,
            others=others,
            types=service.types_of(key),
            address=links.address(site, service.names.iri(key)),
            iri=service.names.iri(key),
        )
    )


def _asked_version() -> Version:
    """The version of the API in which the client wants its answer."""
    for media_range, _ in request.accept_mimetypes:
        version = media_range.partition("version=")[2].strip('" ')
        if version in VERSIONS:
            return version
    return OLD


def _manifest(version: Version) -> Json:
    """What the service is and can do."""
    site, service = current_site(), _service()
    things = f"{site.release.base}id/"
    types = [
        {**word.reference, "broader": [service.types.by_iri[iri].reference for iri in word.broader]}
        for word in service.types.by_iri.values()
    ]
    told: Json = {
        "versions": list(VERSIONS),
        "name": site.release.title,
        "identifierSpace": things,
        "schemaSpace": f"{site.release.base}ontology#",
        "defaultTypes": types,
        "documentation": url_for("pages.home", _external=True),
        "logo": url_for("static", filename="icon.svg", _external=True),
        "serviceVersion": __version__,
        "batchSize": BATCH,
    }
    # In a query string, for clients encode the slash of an id.
    view = f"{url_for('entities.tell_of', _external=True)}?iri={things}"
    if version == DRAFT:
        del told["identifierSpace"], told["schemaSpace"]
        return told | {
            "view": {"url": f"{view}{{id}}"},
            "suggest": {"entity": True, "type": True, "property": True},
            "preview": PREVIEW,
            "extend": {"proposeProperties": True, "propertySettings": _settings(version)},
            "standardizedScore": True,
            "lang": LANGUAGE,
        }
    here = url_for("reconcile.root", _external=True)
    return told | {
        "view": {"url": f"{view}{{{{id}}}}"},
        "suggest": {
            what: {"service_url": here, "service_path": f"/suggest/{what}"}
            for what in ("entity", "type", "property")
        },
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", **PREVIEW},
        "extend": {
            "propose_properties": {"service_url": here, "service_path": "/extend/propose"},
            "property_settings": _settings(version),
        },
    }


def _settings(version: Version) -> list[Json]:
    """What may be set for each property of a data extension."""
    name, label, explained = ("id", "name", "helpText")
    if version == OLD:
        name, label, explained = ("name", "label", "help_text")
    return [
        {
            name: "limit", label: "Values at most", "type": "number", "default": 0,
            explained: "0 for all of them",
        },
        {
            name: "language", label: "Language", "type": "text", "default": "",
            explained: "Only texts in this one, such as fr; all, if it is left blank",
        },
    ]  # fmt: skip


def _json_body() -> bytes:
    if request.mimetype != JSON:
        raise UnsupportedMediaType(request.mimetype, [JSON])
    return request.get_data()


def _json_object(text: str | bytes) -> Json:
    """*text* as the object of JSON that it must be."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        told = error if isinstance(error, json.JSONDecodeError) else "nested too deeply or no text"
        raise BadRequest(f"what is asked is not JSON: {told}") from None
    if not isinstance(given, dict):
        raise BadRequest("what is asked must be an object of JSON")
    return given


def _matched(given: Json, version: Version) -> Response:
    """The results of the batch *given*, or why a query has none."""
    service = _service()
    if version == DRAFT:
        listed = given.get("queries")
        if not isinstance(listed, list):
            raise BadRequest("queries must be an array")
        batch: dict[Any, Any] = dict(enumerate(listed))
    else:
        batch = dict(given)
    if len(batch) > BATCH:
        raise BatchTooLarge(len(batch), BATCH)
    queries: dict[object, Query] = {}
    problems: dict[object, StancegraphError] = {}
    for name, query in batch.items():
        try:
            queries[name] = service.reader.query(query, version)
        except BadRequest as error:
            problems[name] = error
    answers = dict(zip(queries, service.reconciler.answer(list(queries.values())), strict=True))
    results = {
        name: _result(problems.get(name) or answers[name], service, version) for name in batch
    }
    return jsonify({"results": list(results.values())} if version == DRAFT else results)


def _result(answer: list[Candidate] | StancegraphError, service: Service, version: Version) -> Json:
    """What came of one query; never an empty list for a failure."""
    if isinstance(answer, StancegraphError):
        return {"error": str(answer), "status": getattr(answer, "status", 500)}
    told = [told_candidate(each, service.types_of(each.key), version) for each in answer]
    return {"candidates" if version == DRAFT else "result": told}


def _extended(given: Json, version: Version) -> Response:
    """The values of the properties that *given* names, of the things that it names."""
    service = _service()
    keys, asked = given.get("ids"), given.get("properties")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadRequest("ids must be an array of texts")
    if not isinstance(asked, list) or not all(
        isinstance(each, dict) and isinstance(each.get("id"), str) for each in asked
    ):
        raise BadRequest("properties must be an array of objects that have an id")
    if len(keys) > MAX_THINGS or len(asked) > MAX_PROPERTIES:
        raise BatchTooLarge(max(len(keys), len(asked)), MAX_THINGS)
    words = {each["id"]: service.properties.read(each["id"]) for each in asked}
    known = {key for key in keys if key in service.names.by_key}
    values = service.reconciler.values(known, words.values())
    told: dict[tuple[str, str], list[Json]] = {}
    for each in asked:
        language, most = _set(each)
        for key in known:
            terms = in_language(values.get((key, words[each["id"]]), ()), language)
            told[key, each["id"]] = [
                told_value(term, service.names, version) for term in terms[: most or None]
            ]
    meta = [
        {"id": name, "name": service.properties.by_iri[iri].name} for name, iri in words.items()
    ]
    answer: Json = {"meta": meta, "rows": told_rows(list(keys), list(words), told, version)}
    if unknown := sorted(set(keys) - known):
        answer["errors"] = {key: f"nothing has the id {key!r}" for key in unknown}
    return jsonify(answer)


def _set(asked: Json) -> tuple[str, int]:
    """The language and the number of values that are set for a property; blank, 0 for all."""
    settings = asked.get("settings") or {}
    if not isinstance(settings, dict):
        raise BadRequest("settings must be an object")
    try:
        most = int(settings.get("limit") or 0)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest("the setting limit must be a number") from None
    return str(settings.get("language") or "").strip(), max(0, most)


def _things(service: Service, prefix: str, named: str) -> list[Json]:
    """The things that *prefix*, a beginning of a name or an id, may mean; of the class *named*."""
    classes = frozenset([service.types.read(named)] if named else ())
    allowed = service.matcher.things(classes)
    found = [] if prefix not in allowed else [prefix]
    matches = service.names.search(prefix, (), allowed) if prefix else []
    shown = {match.key: match.name for match in matches}
    return [
        {
            "id": key,
            "name": (label := service.names.by_key[key][0]),
            "description": described(shown.get(key, label), label, types := service.types_of(key)),
            "notable": [word.reference for word in types],
        }
        for key in dict.fromkeys([*found, *shown])
    ]


def _suggested(word: Word) -> Json:
    """*word* as suggestions have it."""
    told: Json = dict(word.reference)
    return told | {"description": word.definition} if word.definition else told


def _number(name: str, default: int, most: int, *, least: int = 1) -> int:
    """The argument *name* as a whole number; more than *most* counts as that."""
    text = request.args.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS or int(text) < least:
        raise BadParameter(name, f"is a whole number from {least} up")
    return min(int(text), most)
