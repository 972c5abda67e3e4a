"""JSON Schemas of the Reconciliation Service API, for what a service answers.

They are written from the text of the specifications of the W3C Entity Reconciliation Community
Group (0.2, final report; 1.0, draft), not copied from those published beside them, and are
stricter: no member is allowed that the text does not name, but for ``error``, ``errors`` and
``status``, by which failures are told; of a failure no list of candidates is allowed.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
ADDRESS: Schema = {"type": "string", "pattern": "^https?://"}


def array(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def record(needed: dict[str, Schema], **optional: Schema) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**needed, **optional},
        "required": list(needed),
        "additionalProperties": False,
    }


def by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


REFERENCE = record({"id": NAME, "name": NAME})
TYPE = record({"id": NAME, "name": NAME}, broader=array(REFERENCE))
FAILURE = record({"error": NAME, "status": {"type": "integer", "minimum": 400}})


def settings(identifier: str, label: str, explained: str) -> Schema:
    return array(
        record(
            {identifier: NAME, label: NAME, "type": {"enum": ["number", "text"]}},
            **{"default": {"type": ["number", "string"]}, explained: TEXT},
        )
    )


_MANIFEST: dict[str, Schema] = {
    "defaultTypes": array(TYPE, uniqueItems=True),
    "documentation": ADDRESS,
    "logo": ADDRESS,
    "serviceVersion": NAME,
    "batchSize": {"type": "integer", "minimum": 1},
}
_PLACE = record({"service_url": ADDRESS, "service_path": {"type": "string", "pattern": "^/"}})
_PIXELS = {"width": {"type": "integer"}, "height": {"type": "integer"}}


def candidate(feature: Schema) -> Schema:
    return record(
        {"id": NAME, "name": NAME, "score": {"type": "number", "minimum": 0, "maximum": 100}},
        description=TEXT,
        type=array(REFERENCE, minItems=1),
        match=FLAG,
        features=array(feature),
    )


def value(**text: Schema) -> Schema:
    moment = r"^-?[0-9]{4,}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|[+-][0-9:]+)?$"
    return {
        "oneOf": [
            record({"id": NAME, "name": NAME}, description=TEXT),
            record({"str": TEXT}, **text),
            record({"int": {"type": "integer"}}),
            record({"float": NUMBER}),
            record({"date": {"type": "string", "pattern": moment}}),
        ]
    }


def extension(rows: Schema) -> Schema:
    return record({"meta": array(REFERENCE), "rows": rows}, errors=by_name(NAME))


MEASURED: Schema = {"type": ["boolean", "number"]}
NAMED: dict[str, Schema] = {"id": NAME, "name": NAME}
SUGGESTED_ENTITIES = record(
    {"result": array(record(NAMED, description=TEXT, notable=array(REFERENCE)))}
)
SUGGESTED_WORDS = record({"result": array(record(NAMED, description=TEXT))})
PROPOSED = record(
    {"properties": array(record(NAMED, description=TEXT))},
    type=NAME,
    limit={"type": "integer"},
)

MANIFEST_OLD = record(
    {
        "versions": {"type": "array", "contains": {"const": "0.2"}},
        "name": NAME,
        "identifierSpace": ADDRESS,
        "schemaSpace": ADDRESS,
    },
    **_MANIFEST,
    view=record({"url": {"type": "string", "pattern": r"\{\{id\}\}"}}),
    suggest=record({"entity": _PLACE, "type": _PLACE, "property": _PLACE}),
    preview=record({"url": {"type": "string", "pattern": r"\{\{id\}\}"}, **_PIXELS}),
    extend=record(
        {"propose_properties": _PLACE}, property_settings=settings("name", "label", "help_text")
    ),
)
MANIFEST_DRAFT = record(
    {
        "versions": {"type": "array", "contains": {"const": "1.0-draft"}},
        "name": NAME,
        "view": record({"url": {"type": "string", "pattern": r"\{\+?id\}"}}),
    },
    **_MANIFEST,
    suggest=record({"entity": FLAG, "type": FLAG, "property": FLAG}),
    preview=record(_PIXELS),
    extend=record({"proposeProperties": FLAG}, propertySettings=settings("id", "name", "helpText")),
    standardizedScore=FLAG,
    lang=NAME,
)
RESULTS_OLD = by_name(
    {
        "oneOf": [
            FAILURE,
            record({"result": array(candidate(record({"id": NAME, "value": MEASURED})))}),
        ]
    }
)
RESULTS_DRAFT = record(
    {
        "results": array(
            {
                "oneOf": [
                    FAILURE,
                    record(
                        {
                            "candidates": array(
                                candidate(record({"id": NAME, "name": NAME, "value": MEASURED}))
                            )
                        }
                    ),
                ]
            }
        )
    }
)
EXTENSION_OLD = extension(by_name(by_name(array(value()))))
EXTENSION_DRAFT = extension(
    array(
        record(
            {
                "id": TEXT,
                "properties": array(record({"id": NAME, "values": array(value(lang=NAME))})),
            }
        )
    )
)
