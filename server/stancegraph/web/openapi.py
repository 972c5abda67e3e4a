"""The interface as OpenAPI 3.1 tells it, derived from the catalogue of saved queries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify

from stancegraph.catalog import Allowed, typed
from stancegraph.citation import CHECK, CITE, FORMS
from stancegraph.engine import GRAPHS, OFFERED, SHORT_NAMES, TABLES, MediaType
from stancegraph.parameters import MAX_VALUES
from stancegraph.search import Fit
from stancegraph.sparql import query_form
from stancegraph.web.atom import MEDIA_TYPE as ATOM
from stancegraph.web.citing import WAYS
from stancegraph.web.errors import PROBLEM
from stancegraph.web.mementos import MEDIA_TYPE as MEMENTOS
from stancegraph.web.negotiation import HTML
from stancegraph.web.pictures import DRAWN
from stancegraph.web.reconcile import BATCH
from stancegraph.web.results import SVG, SVG_TYPE
from stancegraph.web.search import LONGEST, MAX_PAGE, MOST, SHOWN
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from flask import Response

    from stancegraph.names import Names
    from stancegraph.parameters import Parameter, ParameterType
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import QueryForm
    from stancegraph.web.site import Site

    Json = dict[str, Any]

bp = Blueprint("openapi", __name__)

_TYPES: dict[ParameterType, Json] = {
    "iri": {"type": "string"},
    "xsd:boolean": {"type": "boolean"},
    "xsd:date": {"type": "string", "format": "date"},
    "xsd:decimal": {"type": "number"},
    "xsd:integer": {"type": "integer"},
    "xsd:string": {"type": "string"},
}
_TEXT: Json = {"schema": {"type": "string"}}
_KEY: Json = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "Its kind and key, as in its IRI; slashes need no escape.",
    "schema": {"type": "string"},
    "examples": {"example": {"value": "state/CAN"}},
}
_COVERAGE: Json = {
    "description": "How complete the lists are on which the result rests (RFC 8288): where that "
    "can be asked, and in title* the first statements.",
    **_TEXT,
}


@bp.get("/openapi.json")
def document() -> Response:
    """What can be asked, with which parameters, and what comes back; always 200."""
    return jsonify(describe(current_site()))


def describe(site: Site) -> Json:
    """The OpenAPI document of *site*, as JSON holds it."""
    release = site.release
    # Of those that ask others, only what this site may ask.
    queries = [query for query in site.catalog if site.services.issuperset(query.services)]
    licence = {"name": release.licence, "url": release.licence}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": release.title,
            "version": release.id,
            "description": site.description or release.title,
            "license": licence,
        },
        "servers": [
            {"url": site.root or "/"},
            {
                "url": "/release/{release}",
                "description": "The same of one release, which never changes.",
                "variables": {"release": {"default": release.id, "description": "Its id."}},
            },
        ],
        "tags": [
            *({"name": theme} for theme in dict.fromkeys(query.theme for query in queries)),
            {"name": "Browse"},
            {"name": "Search"},
            {"name": "SPARQL"},
            {"name": "Linked data"},
            {"name": "Reconciliation"},
        ],
        "paths": {
            **{
                f"/queries/{query.name}": {"get": _operation(query, site.catalog.names)}
                for query in queries
            },
            "/changes.json": {"get": _changes()},
            "/codebook.json": {"get": _browsing("codebook", "Every class, counted", _CODEBOOK)},
            "/compare.json": {"get": _compare(queries)},
            "/coverage.json": {"get": _browsing("coverage", "How complete lists are", _COVERAGES)},
            "/disputes.json": {"get": _disputes()},
            "/downloads.json": {"get": _browsing("downloads", "Files to take away", _FILES)},
            "/downloads/{name}": {"get": _download()},
            "/explore.json": {"get": _browsing("explore", "The lists to explore", _LISTS)},
            **{
                f"/explore/{query.name.rpartition('/')[2]}.json": {"get": _list(query)}
                for query in queries
                if query.listing is not None
            },
            "/quality.json": {"get": _browsing("quality", "What an editor would mend", _MENDED)},
            "/queries.json": {"get": _catalogue()},
            "/search.json": {"get": _search(site.catalog.names, queries)},
            "/terms.json": {"get": _browsing("terms", "Prefixes, classes, properties", _TERMS)},
            "/sparql": {"get": _sparql_get(), "post": _sparql_post()},
            "/id/{key}": {"get": _thing()},
            "/timemap/id/{key}": {"get": _timemap()},
            "/reconcile": {"get": _manifest(), "post": _match_form()},
            "/reconcile/match": {"post": _match()},
            **{
                f"/reconcile/suggest/{what}": {"get": _suggest(what)}
                for what in ("entity", "property", "type")
            },
        },
        "components": {"schemas": _SCHEMAS, "responses": _RESPONSES},
    }


def _operation(query: SavedQuery, names: Names) -> Json:
    """A saved query as an operation."""
    form = query_form(query.text)
    content = _content(OFFERED[form], form, query.columns)
    content["text/html"] = _TEXT
    ways = [*_short_names(OFFERED[form]), HTML]
    if query.columns and not query.services:
        content[ATOM] = _TEXT
        ways.append("atom")
    if query.view.type in DRAWN:
        content[SVG_TYPE] = _TEXT
        ways.append(SVG)
    found: Json = {
        "operationId": re.sub(r"[^A-Za-z0-9]+", "_", query.name),
        "summary": query.summary,
        "tags": [query.theme],
        "parameters": [
            *(_parameter(parameter, names) for parameter in query.params.values()),
            *([] if "format" in query.params else [_format(ways)]),
            *_wishes(without=query.params),
            *(each for each in _CITING if each["name"] not in query.params),
        ],
        "responses": {
            "200": {"description": "The result.", "content": content | _CITATIONS},
            **_failures("400", "404", "406", "500", "503", "504"),
        },
    }
    if query.description:
        found["description"] = query.description
    if query.keywords:
        found["x-keywords"] = list(query.keywords)
    found["x-view"] = {"type": query.view.type, **query.view.columns}
    if query.coverage is not None:
        found["x-coverage"] = query.coverage.query
        found["responses"]["200"]["headers"] = {"Link": _COVERAGE}
    return found


def _parameter(parameter: Parameter, names: Names) -> Json:
    examples = [_value(parameter, typed(parameter, term, names)) for term in parameter.examples]
    schema = dict(_TYPES[parameter.type])
    if parameter.type == "xsd:date" and not parameter.needed:
        schema = dict(_DAY_OR_BLANK)
    if values := _values(parameter, names):
        schema["enum"] = values
    if parameter.is_list:
        schema = {"type": "array", "items": schema, "maxItems": MAX_VALUES}
    if parameter.default is not None:
        given = [names.today if text == "today" else text for text in parameter.default]
        default = [_value(parameter, text) for text in given]
        schema["default"] = default if parameter.is_list else default[0]
    found: Json = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.needed,
        "description": _told(parameter, names),
        "schema": schema,
        "examples": {"example": {"value": examples if parameter.is_list else examples[0]}},
    }
    if parameter.is_list:
        found |= {"style": "form", "explode": True}
    return found


def _told(parameter: Parameter, names: Names) -> str:
    """What a parameter is, and how it may be given."""
    what = parameter.description or parameter.name
    allowed = Allowed.by(parameter, names)
    if parameter.type != "iri":
        return what
    if allowed.anything:
        return f"{what} (an IRI)"
    return f"{what} ({allowed.called}: its key, its name or its IRI)"


def _values(parameter: Parameter, names: Names) -> list[object]:
    """All values that a parameter can have, where these are few by declaration."""
    if parameter.scheme:
        allowed = Allowed.by(parameter, names)
        return [allowed.short(key, names) for key in allowed.keys(names)]
    return [_value(parameter, choice) for choice in parameter.choices]


def _value(parameter: Parameter, text: str) -> object:
    """What *text* is in JSON."""
    if parameter.type == "xsd:integer":
        return int(text)
    if parameter.type == "xsd:decimal":
        return float(text)
    return text == "true" if parameter.type == "xsd:boolean" else text


def _short_names(offered: Collection[MediaType]) -> list[str]:
    return [short for short, media_type in SHORT_NAMES.items() if media_type in offered]


def _format(names: list[str]) -> Json:
    return {
        "name": "format",
        "in": "query",
        "required": False,
        "description": "The format of the result, in place of the header Accept.",
        "schema": {"type": "string", "enum": names},
    }


def _wishes(without: Collection[str] = ()) -> list[Json]:
    """What a request may wish for, but for names that mean something else there."""
    return [wish for name, wish in _WISHES.items() if name not in without]


def _content(
    offered: Iterable[MediaType], form: QueryForm | None = None, columns: Iterable[str] = ()
) -> Json:
    """The media types of a result, with the form of those that are JSON.

    Where it is asked what the result costs, that is told as JSON too.
    """
    content: Json = {str(media_type): _TEXT for media_type in offered}
    cost = {"$ref": "#/components/schemas/Cost"}
    citation = {"$ref": "#/components/schemas/Citation"}
    if MediaType.JSON in content:
        said = _rows(list(columns)) if form == "SELECT" else _RESULT
        content[MediaType.JSON] = {"schema": said}
        either = {"anyOf": [said, cost, citation]}
    if MediaType.JSON_LD in content:
        content[MediaType.JSON_LD] = {"schema": _JSON_LD}
        either = {"anyOf": [cost, citation, *_JSON_LD["anyOf"]]}
    # First the name that generic clients know to be JSON.
    content = {"application/json": {"schema": either}, **content}
    return {str(media_type): told for media_type, told in content.items()}


def _rows(columns: list[str]) -> Json:
    """The SPARQL results JSON of a SELECT with these columns."""
    row = {name: {"$ref": "#/components/schemas/Term"} for name in columns}
    bindings = {
        "type": "array",
        "items": {"type": "object", "properties": row, "additionalProperties": False},
    }
    names = {"type": "array", "items": {"type": "string", "enum": columns}}
    return {
        "type": "object",
        "required": ["head", "results"],
        "properties": {
            "head": {"type": "object", "properties": {"vars": names}, "required": ["vars"]},
            "coverage": {
                "type": "array",
                "items": {"type": "string"},
                "description": "How complete the lists are on which the rows rest.",
            },
            "results": {
                "type": "object",
                "properties": {"bindings": bindings},
                "required": ["bindings"],
            },
        },
    }


def _failures(*statuses: str) -> Json:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _browsing(name: str, summary: str, schema: Json, *parameters: Json) -> Json:
    """An operation that tells *schema* as JSON; its failures are those of asking the engine."""
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["Browse"],
        "parameters": list(parameters),
        "responses": {
            "200": {
                "description": summary,
                "content": {"application/json": {"schema": schema}},
            },
            **_failures("400", "500", "503", "504"),
        },
    }


def _argument(name: str, description: str, schema: Json) -> Json:
    """An argument that may be left out."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _compare(queries: Iterable[SavedQuery]) -> Json:
    aspects = [query.name.rpartition("/")[2] for query in queries if query.comparison is not None]
    return _browsing(
        "compare",
        "Put things side by side",
        _COMPARED,
        _argument("things", "Keys or names, with commas between them.", _STRING),
        _argument(
            "rows",
            f"In which respects, with commas between them: {', '.join(aspects)}; or keys or names "
            "of what is compared. All, unless given.",
            _STRING,
        ),
        _argument("asOf", "The day; that of the release, unless given or blank.", _DAY_OR_BLANK),
        _argument("only", "Without what is alike.", {"type": "string", "enum": ["differences"]}),
    )


def _catalogue() -> Json:
    return _browsing(
        "queries",
        "The saved queries, what they ask and their parameters",
        _object(queries=_OBJECTS),
        _argument("q", "Only those with these words.", {**_STRING, "maxLength": LONGEST}),
    )


def _disputes() -> Json:
    return _browsing(
        "disputes",
        "The claims that contradict each other, those that are not settled first",
        _object(total=_NUMBER, page=_NUMBER, disputes=_OBJECTS),
        _argument("of", "A thing that a side names, by its key or name.", _STRING),
        _argument("page", "Which part of them, from 1.", {"type": "integer", "minimum": 1}),
    )


def _list(query: SavedQuery) -> Json:
    """The list that *query* declares, as an operation."""
    assert query.listing is not None  # noqa: S101 - who calls has looked
    name = query.name.rpartition("/")[2]
    orders = [sign + order for order in query.listing.orders for sign in ("", "-")]
    facets = [
        {
            **_argument(
                facet.name,
                "Only things with any of these values: keys, names or IRIs."
                if facet.parameter.type == "iri"
                else "Only things with any of these values.",
                {"type": "array", "items": _TYPES[facet.parameter.type]},
            ),
            "style": "form",
            "explode": True,
        }
        for facet in query.listing.facets.values()
    ]
    return _browsing(
        f"browse_{re.sub('[^a-z0-9]', '_', name)}",
        query.summary,
        _LISTED,
        *facets,
        _argument("sort", "The order.", {"type": "string", "enum": orders}),
        _argument("limit", "How many at once.", {"type": "integer", "minimum": 1, "maximum": 200}),
        _argument("page", "Which part, from 1.", {"type": "integer", "minimum": 1}),
    )


def _search(names: Names, queries: Iterable[SavedQuery]) -> Json:
    takers = [f"{q.name}/{p.name}" for q in queries for p in q.params.values() if p.type == "iri"]
    kinds = sorted({key.partition("/")[0] for key in names.by_key})
    example = names.by_key[next(iter(names.by_key))][0] if names.by_key else "a name"
    return {
        "operationId": "search",
        "summary": "Find things by their names, and questions by their words",
        "tags": ["Search"],
        "parameters": [
            {
                "name": "q",
                "in": "query",
                "required": False,
                "description": "A name, a part of one, a code or symbol, in any script, accents "
                "and small mistakes aside; or a question in words.",
                "schema": {"type": "string", "maxLength": LONGEST},
                "examples": {"example": {"value": example}},
            },
            {
                "name": "kind",
                "in": "query",
                "required": False,
                "description": "Only things of these kinds.",
                "schema": {"type": "array", "items": {"type": "string", "enum": kinds}},
                "style": "form",
                "explode": True,
            },
            {
                "name": "for",
                "in": "query",
                "required": False,
                "description": "Only what a parameter of a saved query takes, as "
                "THEME/QUERY/PARAMETER; then value is what to write there.",
                "schema": {"type": "string", **({"enum": takers} if takers else {})},
            },
            *(
                {
                    "name": name,
                    "in": "query",
                    "required": False,
                    "description": told,
                    "schema": {"type": "integer", "minimum": 1, "maximum": most, "default": start},
                }
                for name, told, most, start in (
                    ("limit", "How many things to tell at once.", MOST, SHOWN),
                    ("page", "Which part of them, from 1.", MAX_PAGE, 1),
                )
            ),
        ],
        "responses": {
            "200": {
                "description": "What fits, the likeliest first; nothing where nothing does.",
                "content": {"application/json": {"schema": _FOUND}},
            },
            **_failures("400"),
        },
    }


def _sparql_get() -> Json:
    graphs = {"type": "array", "items": {"type": "string", "format": "uri"}}
    return {
        "operationId": "sparql_get",
        "summary": "Answer a SPARQL 1.1 query",
        "tags": ["SPARQL"],
        "parameters": [
            {
                "name": "query",
                "in": "query",
                "required": True,
                "description": "The query.",
                "schema": {"type": "string"},
                "examples": {"example": {"value": "ASK { ?thing ?property ?value }"}},
            },
            *(
                {
                    "name": name,
                    "in": "query",
                    "required": False,
                    "description": f"A graph of the dataset: {what}.",
                    "schema": graphs,
                }
                for name, what in (
                    ("default-graph-uri", "part of the default graph"),
                    ("named-graph-uri", "reached by GRAPH"),
                )
            ),
            _format(_short_names((*TABLES, *GRAPHS))),
            *_wishes(),
            *_CITING,
        ],
        "responses": {
            **_SPARQL_RESPONSES,
            "200": {"description": "The result.", "content": _SPARQL_CONTENT | _CITATIONS},
        },
    }


def _sparql_post() -> Json:
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {"query": {"type": "string"}},
    }
    return {
        "operationId": "sparql_post",
        "summary": "Answer a SPARQL 1.1 query that is sent in the body",
        "tags": ["SPARQL"],
        "parameters": _wishes(),
        "requestBody": {
            "required": True,
            "content": {
                "application/sparql-query": _TEXT,
                "application/x-www-form-urlencoded": {"schema": form},
            },
        },
        "responses": {**_SPARQL_RESPONSES, **_failures("413", "415")},
    }


def _reconciling(name: str, summary: str, schema: Json, *parameters: Json) -> Json:
    return {**_browsing(name, summary, schema, *parameters), "tags": ["Reconciliation"]}


def _suggest(what: str) -> Json:
    return _reconciling(
        f"suggest_{what}",
        "Suggest things, classes or properties by the beginnings of names",
        _object(result=_OBJECTS),
        _argument("prefix", "The beginning of a name, or an id.", _STRING),
        _argument("cursor", "How many to leave out.", _NUMBER),
        _argument("limit", "How many at most.", {"type": "integer", "minimum": 1}),
    )


def _manifest() -> Json:
    return _reconciling("reconcile", "What the reconciliation service is and can do", _ANY)


def _match_form() -> Json:
    """What OpenRefine sends."""
    text = {"type": "string", "contentMediaType": "application/json"}
    body = {
        "type": "object",
        "properties": {"queries": text, "extend": text},
        "anyOf": [{"required": ["queries"]}, {"required": ["extend"]}],
    }
    summary = "Match names with things, or tell values (Reconciliation Service API 0.2)"
    found = _reconciling("reconcile_form", summary, _ANY)
    form = {"application/x-www-form-urlencoded": {"schema": body}}
    found["requestBody"] = {"required": True, "content": form}
    found["responses"] |= _failures("413", "415")
    return found


def _match() -> Json:
    """The queries of the draft of version 1.0; those of 0.2 come in a form to /reconcile."""
    body = {
        "type": "object",
        "required": ["queries"],
        "properties": {"queries": {"type": "array", "description": f"Up to {BATCH}."}},
    }
    summary = "Match names with things (Reconciliation Service API, draft of 1.0)"
    found = _reconciling("match", summary, _object(results=_OBJECTS))
    found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    found["responses"] |= _failures("413", "415")
    return found


def _changes() -> Json:
    return _browsing(
        "changes",
        "What changed from release to release; /changes.atom is the same as a feed",
        _STEPS,
        _argument("about", "Only what names this thing: its key, name or IRI.", _STRING),
    )


def _download() -> Json:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "operationId": "download",
        "summary": "Fetch a file, whole or in parts",
        "tags": ["Browse"],
        "parameters": [
            {
                "name": "name",
                "in": "path",
                "required": True,
                "description": "As /downloads.json tells it; slashes need no escape.",
                "schema": {"type": "string"},
                "examples": {"example": {"value": "SHA256SUMS"}},
            }
        ],
        "responses": {
            "200": {"description": "The file.", "content": {"*/*": binary}},
            "206": {"description": "A part of it (RFC 9110).", "content": {"*/*": binary}},
            **_failures("404"),
            "416": {"$ref": "#/components/responses/400"},
        },
    }


def _thing() -> Json:
    return {
        "operationId": "thing",
        "summary": "Tell what is known of a thing",
        "tags": ["Linked data"],
        "parameters": [_KEY, _format([*_short_names(GRAPHS), HTML]), *_CITING],
        "responses": {
            "200": {
                "description": "The thing with its claims, their evidence and sources.",
                "content": {
                    **{str(media_type): _TEXT for media_type in GRAPHS},
                    str(MediaType.JSON_LD): {"schema": _JSON_LD},
                    "application/json": {"schema": {"$ref": "#/components/schemas/Citation"}},
                    **_CITATIONS,
                },
            },
            **_failures("400", "404", "406", "410", "500", "503", "504"),
        },
    }


def _timemap() -> Json:
    return {
        "operationId": "timemap",
        "summary": "List what releases have the page of a thing (Memento, RFC 7089)",
        "tags": ["Linked data"],
        "parameters": [_KEY],
        "responses": {
            "200": {
                "description": "Links to the page (original) and to it in each release that is "
                "kept here (memento), the oldest first.",
                "content": {MEMENTOS: _TEXT},
            },
            **_failures("404", "410", "500", "503", "504"),
        },
    }


_RESULT: Json = {"type": "object", "required": ["head"]}
_JSON_LD: Json = {"anyOf": [{"type": "object"}, {"type": "array"}]}
_COSTS = (
    ("form", "string", "Of the query: SELECT, ASK, CONSTRUCT or DESCRIBE."),
    ("media_type", "string", "Of the result, which is written but not sent."),
    ("rows", ["integer", "null"], "Rows or triples that were found; null for an ASK."),
    ("bytes", "integer", "Of the result."),
    ("parsed_ms", "number", "Milliseconds until the query was read and planned."),
    ("first_row_ms", ["number", "null"], "Further ones until the first row; null without any."),
    ("evaluated_ms", "number", "Further ones until the last row."),
    ("evaluated_and_written_ms", "number", "Those for evaluating it again, and writing it."),
    ("processor_ms", "number", "Processor time for all of it."),
    ("memory_bytes", "integer", "By how much the memory grew that is used at most."),
)
_NUMBER: Json = {"type": "integer", "minimum": 0}
_STRING: Json = {"type": "string"}
_TEXTS: Json = {"type": "object", "additionalProperties": {"type": "array", "items": _STRING}}


def _object(**properties: Json) -> Json:
    """An object that has just these members."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


_HASH: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_HASH_OR_NULL: Json = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_CITING: list[Json] = [
    _argument(
        CITE, "Tell how to cite it, in this form; format is of no account then.",
        {"type": "string", "enum": list(WAYS)},
    ),
    _argument(CHECK, "Tell whether its rows still have this hash, which was cited.", _HASH),
]  # fmt: skip
_CITATIONS: Json = {
    **{media_type: _TEXT for media_type, _ in FORMS.values()},
    FORMS["csl"][0]: {"schema": {"type": "array", "items": {"type": "object"}}},
    "text/html": _TEXT,
}
_DAY_OR_BLANK: Json = {"type": "string", "anyOf": [{"format": "date"}, {"const": ""}]}
_OBJECTS: Json = {"type": "array", "items": {"type": "object"}}
_COVERAGES: Json = _object(lists=_OBJECTS)
_FILES: Json = _object(
    release=_STRING,
    files={
        "type": "array",
        "items": _object(
            name=_STRING,
            address={"type": "string", "format": "uri-reference"},
            bytes=_NUMBER,
            sha256=_HASH,
            mediaType=_STRING,
            title={"type": ["string", "null"]},
            use={"type": ["string", "null"]},
        ),
    },
)
_STEPS: Json = {
    "type": "array",
    "items": _object(
        release=_STRING,
        date={"type": "string", "format": "date"},
        before={"type": ["string", "null"]},
        counts={"type": ["object", "null"]},
        changes=_OBJECTS,
    ),
}
_CODEBOOK: Json = _object(release=_STRING, classes=_OBJECTS, tables=_OBJECTS)
_ANY: Json = {"type": "object"}
_LISTS: Json = _object(lists=_OBJECTS)
_MENDED: Json = _object(release=_STRING, findings=_OBJECTS, problems=_OBJECTS)
_TERMS: Json = _object(
    prefixes={"type": "object", "additionalProperties": _STRING},
    terms={
        "type": "array",
        "description": "What queries may name, the most used first.",
        "items": _object(
            name={"type": "string", "description": "With its prefix."},
            kind={"type": "string", "enum": ["class", "property"]},
            label=_STRING,
            definition=_STRING,
            count={**_NUMBER, "description": "How often the graph uses it."},
        ),
    },
)
_COMPARED: Json = _object(
    things=_OBJECTS,
    asOf=_STRING,
    only={"type": ["string", "null"]},
    aspects=_OBJECTS,
)
_ROW: Json = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Term"}}
_LISTED: Json = _object(
    list=_STRING,
    summary=_STRING,
    total={**_NUMBER, "description": "How many things are chosen."},
    page=_NUMBER,
    limit=_NUMBER,
    sort=_STRING,
    next={"type": ["string", "null"], "description": "The address of the next part."},
    facets={
        "type": "array",
        "items": _object(
            name=_STRING,
            label=_STRING,
            values={
                "type": "array",
                "items": _object(
                    value={"type": "string", "description": "What to write in an address."},
                    label=_STRING,
                    count={**_NUMBER, "description": "How many things have it beside all else."},
                    chosen={"type": "boolean"},
                ),
            },
            more={**_NUMBER, "description": "How many values there are beside."},
        ),
    },
    columns={"type": "array", "items": _STRING},
    rows={"type": "array", "items": _ROW},
)
_MATCHES: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Match"}}
_FOUND: Json = _object(
    q=_STRING,
    total={**_NUMBER, "description": "How many things of these kinds fit."},
    page=_NUMBER,
    limit=_NUMBER,
    kinds={
        "type": "array",
        "description": "How many things of each kind fit, most first.",
        "items": _object(kind=_STRING, count=_NUMBER),
    },
    things=_MATCHES,
    mentioned={**_MATCHES, "description": "What the text names, where nothing fits as a whole."},
    questions={
        "type": "array",
        "description": "The saved queries that the text may be asking, the likeliest first.",
        "items": _object(
            name=_STRING,
            summary=_STRING,
            address={"type": "string", "format": "uri-reference"},
            values={**_TEXTS, "description": "What the address sets, by parameter."},
            named={**_TEXTS, "description": "The names of what of this stands in the text."},
        ),
    },
)
_SCHEMAS: Mapping[str, Json] = {
    "Cost": {
        "type": "object",
        "description": "What an answer costs, where explain asks for that.",
        "required": [name for name, _, _ in _COSTS],
        "properties": {n: {"type": kind, "description": told} for n, kind, told in _COSTS},
        "additionalProperties": False,
    },
    "Citation": _object(
        title=_STRING,
        publisher=_STRING,
        graph=_STRING,
        release=_STRING,
        releaseAddress={"type": "string", "format": "uri"},
        digest=_HASH,
        date={"type": "string", "format": "date"},
        licence=_STRING,
        query={"type": ["string", "null"], "description": "The name of a saved query."},
        version={**_HASH_OR_NULL, "description": "Of the query: the SHA-256 of its text."},
        parameters=_TEXTS,
        rows={"type": ["integer", "null"]},
        sha256={**_HASH_OR_NULL, "description": "Of the rows, whose order does not count."},
        accessed={"type": "string", "format": "date"},
        address={"type": "string", "description": "Where to find it again, for ever."},
        text={"type": "string", "description": "For a list of references."},
        check={**_HASH_OR_NULL, "description": "The hash that was to be checked."},
        agrees={"type": ["boolean", "null"], "description": "Whether it is that of the rows."},
    ),
    "Term": {
        "type": "object",
        "description": "An RDF term, as in the SPARQL 1.1 Query Results JSON Format.",
        "required": ["type", "value"],
        "properties": {
            "type": {"type": "string", "enum": ["uri", "literal", "bnode"]},
            "value": {"type": "string"},
            "datatype": {"type": "string", "format": "uri"},
            "xml:lang": {"type": "string"},
        },
    },
    "Match": _object(
        key=_STRING,
        kind=_STRING,
        label=_STRING,
        name={"type": "string", "description": "The name that fits."},
        fit={
            "type": "string",
            "enum": [fit.told for fit in Fit],
            "description": "How it fits, the best first.",
        },
        iri={"type": "string", "format": "uri"},
        address={"type": ["string", "null"], "description": "Its page."},
        value={"type": "string", "description": "What to write for it in an address."},
    ),
    "Problem": {
        "type": "object",
        "description": "What went wrong, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "error": {"type": "string"},
            "parameters": {
                "type": "object",
                "description": "What is wrong with each parameter, and what would be right.",
                "additionalProperties": {"type": "string"},
            },
        },
    },
}
_WISHES: Mapping[str, Json] = {
    name: {"name": name, "in": "query", "required": False, "description": told, "schema": schema}
    for name, told, schema in (
        (
            "timeout",
            "Seconds after which the query is stopped, where the server allows so many.",
            {"type": "number", "minimum": 0.001},
        ),
        (
            "limit",
            "Rows, or triples, wanted; the header X-Stancegraph-Truncated tells of more.",
            {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
        ),
        (
            "count",
            "Tell in the header X-Total-Count how many rows, or triples, there are in all.",
            {"type": "string", "enum": ["exact"]},
        ),
        (
            "explain",
            "Tell as JSON what the answer costs, in its place.",
            {"type": "string", "enum": ["true"]},
        ),
        (
            "truncation",
            "End CSV or TSV that is cut with a line that begins with #.",
            {"type": "string", "enum": ["comment"]},
        ),
    )
}
_RESPONSES: Mapping[str, Json] = {
    status: {
        "description": told,
        "content": {
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
            "text/html": _TEXT,
            "text/plain": _TEXT,
        },
    }
    for status, told in {
        "400": "A parameter or the query is wrong; the answer says what would be right.",
        "404": "There is no such query or thing.",
        "406": "The result cannot be written in a format that was asked for.",
        "410": "The thing is retired; the answer says what took its place.",
        "413": "The body is too large.",
        "415": "The body is of a media type that cannot be read here.",
        "500": "The query broke a bound, or its evaluation failed.",
        "503": "The engine is down or overloaded: ask again.",
        "504": "The query was stopped at its deadline.",
    }.items()
}
_SPARQL_CONTENT = _content((*TABLES, *GRAPHS))
_SPARQL_RESPONSES: Json = {
    "200": {"description": "The result.", "content": _SPARQL_CONTENT},
    **_failures("400", "406", "500", "503", "504"),
}
