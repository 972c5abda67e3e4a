// Type-ahead for text fields: a combobox with a list, after the pattern of the WAI-ARIA
// Authoring Practices. A field says what it looks for in data-typeahead: everything, if that is
// empty, whose choice is a page to go to; or what a parameter takes (theme/query/parameter),
// whose choice is a value to send. Without this script the field is one of plain text, which
// the server reads.
import { type Choice, Popup } from "./shared/popup";
import { ROOT } from "./shared/root";

interface Thing {
  kind: string;
  label: string;
  name: string;
  key: string;
  address: string | null;
  value: string;
}

interface Question {
  summary: string;
  address: string;
  named: Record<string, string[]>;
}

interface Found {
  total: number;
  things: Thing[];
  mentioned: Thing[];
  questions: Question[];
}

const PAUSE = 90; // milliseconds without a key before the server is asked
const SHOWN = 8;
const QUESTIONS = 3;

for (const input of document.querySelectorAll<HTMLInputElement>("input[data-typeahead]")) {
  const parameter = input.dataset.typeahead ?? "";
  if (parameter) pickValues(input, parameter);
  else goToPages(input);
}

/** Lets the reader choose a page to go to; Enter without a choice searches. */
function goToPages(input: HTMLInputElement): void {
  const popup = new Popup(input, (choice) => {
    if (choice.value) location.assign(choice.value);
  });
  listen(input, "", popup, ({ things, mentioned, questions }) => [
    ...questions.slice(0, QUESTIONS).map((question) => ({
      kind: "question",
      text: question.summary,
      aside: Object.values(question.named).flat().join(", "),
      value: question.address,
    })),
    ...[...things, ...mentioned].map((thing) => ({
      kind: thing.kind,
      text: thing.label,
      aside: alias(thing),
      value: thing.address ?? "",
    })),
  ]);
}

/** Lets the reader choose a thing by its name; what is sent is the value that stands for it. */
function pickValues(input: HTMLInputElement, parameter: string): void {
  const sent = document.createElement("input");
  sent.type = "hidden";
  sent.name = input.name;
  sent.value = input.value;
  input.removeAttribute("name");
  input.value = input.dataset.label || input.value;
  input.after(sent);
  const popup = new Popup(input, (choice) => {
    input.value = choice.text;
    sent.value = choice.value;
    input.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: choice.value }));
  });
  input.addEventListener("input", () => {
    sent.value = input.value;
  });
  listen(input, parameter, popup, ({ things }) =>
    things.map((thing) => ({
      kind: thing.kind,
      text: thing.label,
      aside: alias(thing),
      value: thing.value,
    })),
  );
}

/** Asks the server once the reader pauses, and shows what it finds, unless they went on. */
function listen(
  input: HTMLInputElement,
  parameter: string,
  popup: Popup,
  read: (found: Found) => Choice[],
): void {
  const known = new Map<string, Found>();
  let timer = 0;
  let asking: AbortController | undefined;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    const text = input.value.trim();
    if (!text) {
      popup.close();
      return;
    }
    timer = window.setTimeout(async () => {
      asking = new AbortController();
      try {
        const found = known.get(text) ?? (await ask(text, parameter, asking.signal));
        known.set(text, found);
        if (input.value.trim() === text && document.activeElement === input) {
          popup.show(read(found), found.total);
        }
      } catch (error) {
        // Who cannot reach the server still has the field.
        if (!(error instanceof DOMException)) popup.close();
      }
    }, PAUSE);
  });
}

async function ask(text: string, parameter: string, signal: AbortSignal): Promise<Found> {
  const asked = new URLSearchParams({ q: text, limit: String(SHOWN) });
  if (parameter) asked.set("for", parameter);
  const reply = await fetch(`${ROOT}/search.json?${asked}`, { signal });
  if (!reply.ok) throw new Error(`the search answers ${reply.status}`);
  return reply.json();
}

/** The name that fits, where it is not the one that is shown. */
function alias({ label, name, key }: Thing): string {
  return name === label || key.endsWith(`/${name}`) ? "" : name;
}
