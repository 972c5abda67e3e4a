"""What the tests of clients ask the shipped graph, and what it says."""

from __future__ import annotations

from rdflib import Namespace
from rdflib.namespace import RDFS

BASE = Namespace("https://w3id.org/stancegraph/")
THINGS = Namespace(BASE["id/"])
GRAPHS = Namespace(BASE["graph/"])
SG = Namespace(BASE["ontology#"])
PREFIXES = f"""
PREFIX rdfs: <{RDFS}>
PREFIX sg: <{SG}>
"""

# How seven states voted on A/RES/74/247.
VOTES = f"""{PREFIXES}
PREFIX state: <{THINGS}state/>
SELECT ?state ?choice
WHERE {{
  VALUES ?actor {{ state:AUS state:CAN state:CHN state:KOR state:PER state:RUS state:USA }}
  ?vote sg:rollCall <{THINGS}rollcall/unga/A-RES-74-247> ;
        sg:actor ?actor ;
        sg:choice/rdfs:label ?choice .
  ?actor rdfs:label ?state .
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
VOTE_PATH = "id/vote/unga/A-RES-74-247/CAN"
VOTE = BASE[VOTE_PATH]
VOTE_EVIDENCE = {
    THINGS["evidence/atlas-brazil/vote-CAN"],
    THINGS["evidence/atlas-peru/CA8"],
    THINGS["evidence/undl-3841023/roll-call"],
}
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
