// Which claims on one treaty are contested: node sparql-http-client.mjs [ENDPOINT]
import SparqlClient from "sparql-http-client";

const endpointUrl = process.argv[2] ?? "http://127.0.0.1:8000/sparql";
const query = `
  PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
  PREFIX sg: <https://w3id.org/stancegraph/ontology#>
  SELECT DISTINCT ?earliest ?kind ?rank
  WHERE {
    ?claim sg:actor <https://w3id.org/stancegraph/id/state/CHN> ;
           sg:treaty <https://w3id.org/stancegraph/id/treaty/wipo-copyright-treaty> ;
           sg:actionKind/rdfs:label ?kind ;
           sg:contestedBy [] ;
           sg:earliest ?earliest ;
           sg:rank/rdfs:label ?rank .
  }
  ORDER BY ?earliest ?kind`;

const client = new SparqlClient({ endpointUrl });
for await (const row of client.query.select(query)) {
  console.log(`${row.earliest.value} ${row.kind.value}: ${row.rank.value}`);
}
