"""What the tests of clients ask the shipped graph, and what it says."""

from __future__ import annotations

from rdflib import Namespace
from rdflib.namespace import RDFS

THINGS = Namespace("https://w3id.org/stancegraph/id/")
GRAPHS = Namespace("https://w3id.org/stancegraph/graph/")
SG = Namespace("https://w3id.org/stancegraph/ontology#")
PREFIXES = f"""
PREFIX rdfs: <{RDFS}>
PREFIX sg: <{SG}>
"""

# Who voted how on A/RES/74/247.
VOTES = f"""{PREFIXES}
SELECT ?state ?choice
WHERE {{
  ?vote sg:rollCall <{THINGS}rollcall/unga/A-RES-74-247> ;
        sg:actor/rdfs:label ?state ;
        sg:choice/rdfs:label ?choice .
}}
ORDER BY ?state"""
VOTED = {
    "Australia": "no",
    "Canada": "no",
    "China": "yes",
    "Peru": "abstain",
    "Republic of Korea": "no",
    "Russian Federation": "yes",
    "United States of America": "no",
}

# On what evidence the vote of one of them rests.
VOTE = THINGS["vote/unga/A-RES-74-247/CAN"]
VOTE_EVIDENCE = {THINGS["evidence/atlas-peru/CA8"], THINGS["evidence/undl-3841023/roll-call"]}
EVIDENCE = f"CONSTRUCT WHERE {{ <{VOTE}> <{SG.evidence}> ?evidence }}"

# Whether the claim that China signed a treaty of 1996 in 1985 has the record against it,
# and whether it makes China a signatory: a yes and a no.
DISPUTED = f"""{PREFIXES}
ASK {{
  <{THINGS}action/wipo-copyright-treaty/CHN/signature>
      sg:rank <{THINGS}code/rank/deprecated> ;
      sg:contestedBy <{THINGS}action/wipo-copyright-treaty/CHN/accession> .
}}"""
SIGNED = f"""{PREFIXES}
ASK {{ <{THINGS}state/CHN> sg:signatoryOf <{THINGS}treaty/wipo-copyright-treaty> }}"""
