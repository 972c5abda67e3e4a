// The editor of SPARQL: it takes the place of the field of the form, and leaves its work to it
// where this script does not run.
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { sparql } from "codemirror-lang-sparql";
import { addressOf, ask, isRunning, type Problem, stop } from "./editor/answer";
import { missingPrefixes, suggest, vocabulary } from "./editor/completion";
import { look } from "./editor/look";

const DRAFT = "stancegraph.draft"; // what is being written, for as long as the tab is open

const form = document.querySelector<HTMLFormElement>("form.ask");
const field = form?.querySelector<HTMLTextAreaElement>("textarea[name=query]");
if (form && field) open(form, field);

function open(form: HTMLFormElement, field: HTMLTextAreaElement): void {
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]")!;
  const format = form.querySelector<HTMLSelectElement>("select[name=format]")!;
  const place = document.createElement("div");
  place.className = "editor";
  field.after(place);
  // In a root of its own, where styles are sheets and no elements, which the policy would bar.
  const root = place.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: drafted(field.value),
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        sparql(),
        autocompletion({ override: [suggest], icons: false, defaultKeymap: false }),
        look,
        EditorView.contentAttributes.of({
          "aria-label": "SPARQL query; Escape leaves the editor",
          "data-gramm": "false",
        }),
        keymap.of([
          { key: "Mod-Enter", run: () => (submit(), true) },
          { key: "Tab", run: acceptCompletion },
          { key: "Escape", run: leave },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...lintKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          sessionStorage.setItem(DRAFT, field.value);
        }),
      ],
    }),
  });
  field.value = view.state.doc.toString();
  field.hidden = true;
  form.querySelector<HTMLLabelElement>("label[for=query]")?.addEventListener("click", () => view.focus());

  void vocabulary(); // so that it is there when it is asked for

  function leave(): boolean {
    if (completionStatus(view.state) === "active") return false; // which closes the suggestions
    button.focus();
    return true;
  }

  function submit(): void {
    if (isRunning()) stop();
    else form.requestSubmit();
  }

  form.addEventListener("submit", (event) => {
    if (format.value !== "html") return; // a file, which the browser fetches
    event.preventDefault();
    if (isRunning()) {
      stop();
      return;
    }
    void run();
  });

  /** Puts in the PREFIX lines that the query needs, of those prefixes that the graph knows. */
  async function declarePrefixes(): Promise<void> {
    const lines = await missingPrefixes(view.state.doc.toString());
    if (lines) view.dispatch({ changes: { from: 0, insert: lines } });
  }

  async function run(): Promise<void> {
    await declarePrefixes();
    const told = button.textContent;
    button.textContent = "Stop";
    view.dispatch(setDiagnostics(view.state, []));
    const address = addressOf(field.value);
    if (address !== location.pathname + location.search) window.history.pushState(null, "", address);
    const problem = await ask(field.value);
    button.textContent = told;
    if (problem) mark(problem);
  }

  function mark({ line, column, told }: Problem): void {
    const { doc } = view.state;
    const at = doc.line(Math.min(line, doc.lines));
    const from = Math.min(at.from + codeUnits(at.text, column - 1), at.to);
    const word = /^[\p{L}\p{N}_:?$<]*/u.exec(doc.sliceString(from, at.to))?.[0].length ?? 0;
    const to = Math.min(from + Math.max(word, 1), doc.length);
    view.dispatch(
      setDiagnostics(view.state, [{ from: Math.min(from, to), to, severity: "error", message: told }]),
      { selection: { anchor: from }, scrollIntoView: true },
    );
  }

  addEventListener("popstate", () => location.reload());
  const shown = document.querySelector<HTMLElement>("#answer[data-line]");
  if (shown) {
    const { line, column, problem } = shown.dataset;
    mark({ line: +(line ?? 1), column: +(column ?? 1), told: problem ?? "" });
  }
}

/** What was being written when this page was reloaded; otherwise what the server put there. */
function drafted(given: string): string {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const draft = sessionStorage.getItem(DRAFT);
  return navigation?.type === "reload" && draft !== null ? draft : given;
}

/** How many code units the first *count* characters of a line take, as the server counts them. */
function codeUnits(text: string, count: number): number {
  return [...text].slice(0, count).join("").length;
}
