// What the editor suggests: words of SPARQL, variables of the query, prefixes, the classes and
// properties of the graph, and things by any of their names.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";

import { ROOT } from "../shared/root";

interface Term {
  name: string;
  kind: string;
  label: string;
  definition: string;
  count: number;
}

interface Vocabulary {
  prefixes: Record<string, string>;
  terms: Term[];
}

interface Thing {
  iri: string;
  label: string;
  name: string;
  kind: string;
}

const WORDS = (
  "SELECT DISTINCT REDUCED CONSTRUCT DESCRIBE ASK WHERE FROM NAMED PREFIX OPTIONAL UNION MINUS " +
  "GRAPH FILTER BIND VALUES EXISTS NOT GROUP HAVING ORDER BY ASC DESC LIMIT OFFSET AS COUNT SUM " +
  "MIN MAX AVG SAMPLE GROUP_CONCAT STR LANG LANGMATCHES DATATYPE BOUND IRI CONCAT STRLEN UCASE " +
  "LCASE CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER REGEX REPLACE SUBSTR YEAR MONTH DAY IF " +
  "COALESCE ISIRI ISLITERAL ISBLANK ABS CEIL FLOOR ROUND"
).split(" ");
const SHORTEST = 2; // letters from which on things are looked for
const THINGS = 8;

let loaded: Promise<Vocabulary> | undefined;

/** The words of the graph, which are asked for once. */
export function vocabulary(): Promise<Vocabulary> {
  loaded ??= fetch(`${ROOT}/terms.json`).then((response) => response.json() as Promise<Vocabulary>);
  return loaded;
}

/** What may stand where the cursor is. */
export async function suggest(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.matchBefore(/[?$]?[\p{L}\p{N}_-]*:?[\p{L}\p{N}_-]*|<[^<>\s]*/u);
  const text = before?.text ?? "";
  if (isComment(context) || (!text && !context.explicit)) return null;
  const from = before?.from ?? context.pos;
  if (/^[?$]/.test(text)) return { from, options: variables(context, text) };
  const known = await vocabulary();
  const named = text.includes(":") && !text.startsWith("<");
  const options = [...terms(known, text)];
  if (!named) {
    options.push(...prefixes(known), ...words());
    const sought = text.replace(/^</, "");
    if (sought.length >= SHORTEST) options.push(...(await things(sought, context)));
  }
  // Things are found by other names and with mistakes, so what was found is not sifted again.
  return { from, options: options.filter((each) => fits(each, text)), filter: false };
}

function isComment(context: CompletionContext): boolean {
  const line = context.state.doc.lineAt(context.pos);
  return /(^|\s)#/.test(line.text.slice(0, context.pos - line.from));
}

function fits(option: Completion, text: string): boolean {
  if (option.type === "constant") return true; // a thing, which the server found
  const sought = text.replace(/^</, "").toLowerCase();
  const local = option.label.split(":").pop()?.toLowerCase() ?? "";
  return option.label.toLowerCase().startsWith(sought) || (sought.length > 1 && local.startsWith(sought));
}

function variables(context: CompletionContext, text: string): Completion[] {
  const found = new Set(context.state.doc.toString().match(/[?$][\p{L}\p{N}_]+/gu));
  found.delete(text);
  return [...found].map((label) => ({ label, type: "variable" }));
}

function words(): Completion[] {
  return WORDS.map((label) => ({ label, type: "keyword", boost: -10 }));
}

function prefixes({ prefixes }: Vocabulary): Completion[] {
  return Object.entries(prefixes).map(([prefix, iri]) => ({
    label: `${prefix}:`,
    detail: iri,
    type: "namespace",
  }));
}

function terms({ terms, prefixes }: Vocabulary, text: string): Completion[] {
  return terms
    .filter(({ name }) => text.includes(":") || (name.split(":")[1] ?? "").toLowerCase().startsWith(text.toLowerCase()))
    .map(({ name, kind, label, definition, count }) => ({
      label: name,
      detail: `${kind}, ${count.toLocaleString("en")} uses`,
      info: definition || label,
      type: kind,
      apply: (view: EditorView, _option: Completion, from: number, to: number) => {
        insert(view, name, from, to, prefixes);
      },
    }));
}

async function things(sought: string, context: CompletionContext): Promise<Completion[]> {
  const stop = new AbortController();
  context.addEventListener("abort", () => stop.abort());
  try {
    const query = new URLSearchParams({ q: sought, limit: String(THINGS) });
    const response = await fetch(`${ROOT}/search.json?${query}`, { signal: stop.signal });
    if (!response.ok) return [];
    const { things } = (await response.json()) as { things: Thing[] };
    return things.map(({ iri, label, name, kind }) => ({
      label: `<${iri}>`,
      displayLabel: name === label ? label : `${name} (${label})`,
      detail: kind,
      info: iri,
      type: "constant",
    }));
  } catch {
    return []; // asked no longer, or not to be reached: the rest can be suggested all the same
  }
}

/** The PREFIX lines that *query* lacks, of prefixes that the graph knows. */
export async function missingPrefixes(query: string): Promise<string> {
  const { prefixes } = await vocabulary().catch(() => ({ prefixes: {} as Record<string, string> }));
  const bare = query.replace(/<[^<>\s]*>|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*$/gm, " ");
  const used = new Set([...bare.matchAll(/(?<![\w:?$-])([A-Za-z][\w-]*):/g)].map(([, name]) => name!));
  const lines = [...used]
    .filter((name) => prefixes[name] && !isDeclared(query, name))
    .map((name) => `PREFIX ${name}: <${prefixes[name]}>\n`);
  return lines.sort().join("");
}

function isDeclared(query: string, prefix: string): boolean {
  return new RegExp(`\\bPREFIX\\s+${prefix}:`, "i").test(query);
}

/** Puts *name* in, and above the query the PREFIX line that it needs. */
function insert(
  view: EditorView,
  name: string,
  from: number,
  to: number,
  known: Record<string, string>,
): void {
  const prefix = name.split(":")[0] ?? "";
  const declared = isDeclared(view.state.doc.toString(), prefix);
  const line = declared ? "" : `PREFIX ${prefix}: <${known[prefix]}>\n`;
  view.dispatch({
    changes: [
      { from: 0, insert: line },
      { from, to, insert: name },
    ],
    selection: { anchor: line.length + from + name.length },
    userEvent: "input.complete",
  });
}
