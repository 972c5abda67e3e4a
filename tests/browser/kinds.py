"""The kinds of page, each with the address of one: every kind is tested and has its picture."""

from __future__ import annotations

from urllib.parse import quote

QUERY = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?treaty ?treatyLabel (COUNT(?action) AS ?actions)
WHERE { ?action a sg:TreatyAction ; sg:treaty ?treaty . ?treaty rdfs:label ?treatyLabel }
GROUP BY ?treaty ?treatyLabel
ORDER BY DESC(?actions)"""

KINDS = {
    "home": "/",
    "questions": "/queries/",
    "question": "/queries/treaties/participants",
    "answer": "/queries/treaties/status-of-country?country=CAN&asOf=2020-01-01",
    "map": "/queries/votes/resolution?resolution=A-RES-74-247",
    "network": "/queries/cooperation/who-helps-whom",
    "matrix": "/queries/treaties/by-region?treaty=budapest-convention",
    "timeline": "/queries/countries/timeline?country=PER",
    "state": "/id/state/CAN",
    "treaty": "/id/treaty/budapest-convention",
    "state-then": "/id/state/CAN?asOf=2012-01-01",
    "resolution": "/id/resolution/A-RES-74-247",
    "organisation": "/id/organisation/eu",
    "process": "/id/process/un-cybercrime-convention",
    "document": "/id/document/cyber-diplomacy-atlas",
    "source": "/id/source/atlas-china",
    "principle": "/id/principle/human-rights-safeguards",
    "claim": "/id/action/budapest-convention/CAN/ratification",
    "evidence": "/id/evidence/atlas-peru/CA4",
    "derived": "/id/spell/budapest-convention/CAN/party",
    "sparql": "/sparql",
    "sparql-answer": f"/sparql?query={quote(QUERY)}",
    "ontology": "/ontology",
    "codebook": "/codebook",
    "quality": "/quality",
    "compare": "/compare?things=CAN,CHN,BRA,RUS",
    "compare-form": "/compare",
    "coverage": "/coverage",
    "disputes": "/disputes",
    "explore": "/explore",
    "list": "/explore/stances?position=supports&region=Europe",
    "search": "/search?q=cybercrime",
    "search-in-words": "/search?q=who+ratified+the+budapst+convention",
    "citation": "/queries/treaties/participants?treaty=budapest-convention&cite=html",
    "changes": "/changes",
    "downloads": "/downloads",
    "unknown": "/id/state/XYZ",
}
MISSING = frozenset({"unknown"})  # kinds that are answered with a status of 404
