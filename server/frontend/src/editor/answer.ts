// Asking: the page of the result is fetched as a form would load it, and its part about the
// answer takes the place of the one that stands here.

export interface Problem {
  line: number;
  column: number;
  told: string;
}

const LONGEST = 6000; // characters of a query that is sent, and kept, in the address

let running: AbortController | undefined;

/** Whether something is asked that has not been answered. */
export function isRunning(): boolean {
  return running !== undefined;
}

/** Gives up what is being asked; the server stops working at it. */
export function stop(): void {
  running?.abort();
}

/** Asks *query* and shows what comes; what is wrong in it is given back. */
export async function ask(query: string): Promise<Problem | undefined> {
  const shown = document.querySelector<HTMLElement>("#answer");
  if (!shown) return undefined;
  running?.abort();
  const mine = (running = new AbortController());
  shown.setAttribute("aria-busy", "true");
  const begun = performance.now();
  const ticking = setInterval(() => tell(shown, `Asking for ${seconds(begun)} s …`), 500);
  try {
    const page = await fetched(query, mine.signal);
    const answer = page.querySelector<HTMLElement>("#answer");
    if (!answer) throw new Error("the server answered with no page");
    lower(answer);
    shown.replaceWith(document.adoptNode(answer));
    revive(answer);
    const { line, column, problem } = answer.dataset;
    if (problem !== undefined) answer.setAttribute("role", "alert");
    else answer.querySelector<HTMLElement>("h2")?.focus();
    if (line && column) return { line: +line, column: +column, told: problem ?? "" };
  } catch (error) {
    if (mine.signal.aborted) tell(shown, `Stopped after ${seconds(begun)} s. Nothing was shown.`);
    else tell(shown, `No answer came: ${(error as Error).message}. The server may be away.`);
  } finally {
    clearInterval(ticking);
    shown.removeAttribute("aria-busy");
    if (running === mine) running = undefined;
  }
  return undefined;
}

/** The address of the result of *query*; that of the page where it is too long to stand in one. */
export function addressOf(query: string): string {
  const { pathname } = new URL(document.querySelector<HTMLFormElement>("form.ask")!.action);
  return query.length > LONGEST ? pathname : `${pathname}?${new URLSearchParams({ query })}`;
}

async function fetched(query: string, signal: AbortSignal): Promise<Document> {
  const headers = { Accept: "text/html" };
  const address = addressOf(query);
  const response = address.includes("?")
    ? await fetch(address, { headers, signal })
    : await fetch(address, { method: "POST", headers, signal, body: new URLSearchParams({ query }) });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Makes the heading of a page of its own one of a part of this page. */
function lower(answer: HTMLElement): void {
  const heading = answer.querySelector("h1");
  if (!heading) return;
  const lowered = document.createElement("h2");
  lowered.textContent = heading.textContent;
  heading.replaceWith(lowered);
}

function tell(shown: HTMLElement, text: string): void {
  const told = document.createElement("p");
  told.className = "note";
  told.setAttribute("role", "status");
  told.textContent = text;
  shown.replaceChildren(told);
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(1);
}

/** Runs the scripts of what was put in: those of a parsed page do not run by themselves. */
function revive(answer: HTMLElement): void {
  for (const script of answer.querySelectorAll<HTMLScriptElement>("script[src]")) {
    const { src } = script;
    script.remove();
    void import(src).then((module: { start?: (root: ParentNode) => void }) => module.start?.(answer));
  }
}
