// Who of a group of one's own voted how: node comunica.mjs [ENDPOINT]
import { QueryEngine } from "@comunica/query-sparql";

const endpoint = process.argv[2] ?? "http://127.0.0.1:8000/sparql";
const own = {
  type: "serialized",
  mediaType: "text/turtle",
  baseIRI: "http://example.org/",
  value: `
    PREFIX state: <https://w3id.org/stancegraph/id/state/>
    <five-eyes> <members> state:AUS , state:CAN , state:GBR , state:NZL , state:USA .`,
};
const query = `
  PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
  PREFIX sg: <https://w3id.org/stancegraph/ontology#>
  SELECT ?label ?choice
  WHERE {
    <http://example.org/five-eyes> <http://example.org/members> ?state .
    ?vote sg:rollCall <https://w3id.org/stancegraph/id/rollcall/unga/A-RES-74-247> ;
          sg:actor ?state ;
          sg:choice/rdfs:label ?choice .
    ?state rdfs:label ?label .
  }
  ORDER BY ?label`;

const rows = await new QueryEngine().queryBindings(query, { sources: [own, endpoint] });
for await (const row of rows) {
  console.log(`${row.get("label").value}: ${row.get("choice").value}`);
}
