"""The kinds of page, each with the address of one: every kind is tested and has its picture."""

from __future__ import annotations

KINDS = {
    "home": "/",
    "questions": "/queries/",
    "question": "/queries/treaties/participants",
    "answer": "/queries/treaties/status-of-country?country=CAN&asOf=2020-01-01",
    "state": "/id/state/CAN",
    "treaty": "/id/treaty/budapest-convention",
    "sparql": "/sparql",
    "ontology": "/ontology",
    "quality": "/quality",
    "coverage": "/coverage",
    "disputes": "/disputes",
    "explore": "/explore",
    "list": "/explore/stances?position=supports&region=Europe",
    "search": "/search?q=cybercrime",
    "search-in-words": "/search?q=who+ratified+the+budapst+convention",
    "unknown": "/id/state/XYZ",
}
MISSING = frozenset({"unknown"})  # kinds that are answered with a status of 404
