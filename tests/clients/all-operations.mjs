// What each kind of query gives, in each way that sparql-http-client can send it, as JSON:
// node all-operations.mjs ENDPOINT SELECT ASK CONSTRUCT
import ParsingClient from "sparql-http-client/ParsingClient.js";

const [endpointUrl, select, ask, construct] = process.argv.slice(2);
const client = new ParsingClient({ endpointUrl });
const answers = {};
for (const operation of ["get", "postUrlencoded", "postDirect"]) {
  const rows = await client.query.select(select, { operation });
  const quads = await client.query.construct(construct, { operation });
  answers[operation] = {
    rows: rows.map((row) => [row.state.value, row.choice.value, row.choice.language]),
    ask: await client.query.ask(ask, { operation }),
    objects: [...quads].map((quad) => quad.object.value).sort(),
  };
}
console.log(JSON.stringify(answers));
