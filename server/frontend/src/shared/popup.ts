let made = 0; // popups, each with an id of its own

export interface Choice {
  kind: string;
  text: string;
  aside: string;
  value: string;
}

/** The list under a combobox: the field keeps the focus, and says which choice is active. */
export class Popup {
  private readonly input: HTMLInputElement;
  private readonly choose: (choice: Choice) => void;
  private readonly list = document.createElement("ul");
  private readonly told = document.createElement("span");
  private shown: Choice[] = [];
  private active = -1;

  constructor(input: HTMLInputElement, choose: (choice: Choice) => void) {
    this.input = input;
    this.choose = choose;
    made += 1;
    this.list.id = `choices-${made}`;
    this.list.className = "choices";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() ?? "Choices");
    this.list.hidden = true;
    this.told.className = "unseen";
    this.told.setAttribute("role", "status");
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": this.list.id,
      "aria-expanded": "false",
    })) {
      input.setAttribute(name, value);
    }
    input.after(this.list, this.told);
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("blur", () => this.close());
    // A press would take the focus from the field, and so close the list before the click.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("[role=option]");
      if (option) this.take([...this.list.children].indexOf(option));
    });
  }

  /** Offers *choices*, of *total* that there are; the list closes where there are none. */
  show(choices: Choice[], total: number): void {
    this.shown = choices;
    this.list.replaceChildren(...choices.map((choice, number) => this.option(choice, number)));
    this.activate(-1);
    this.open(choices.length > 0);
    const more = total > choices.length ? `, the first of ${total}` : "";
    this.told.textContent = choices.length ? `${choices.length} choices${more}` : "No choices";
  }

  close(): void {
    this.activate(-1);
    this.open(false);
    this.told.textContent = "";
  }

  private open(open: boolean): void {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  private option({ kind, text, aside }: Choice, number: number): HTMLLIElement {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${number}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.append(span("sort", kind.replaceAll("-", " ")), " ", span("text", text));
    if (aside) option.append(" ", span("quiet", aside));
    return option;
  }

  private activate(number: number): void {
    this.active = number;
    for (const [at, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(at === number));
    }
    const option = this.list.children[number];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  private take(number: number): void {
    const choice = this.shown[number];
    this.close();
    if (choice) this.choose(choice);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || this.list.hidden) {
      if (event.key === "ArrowDown" && this.list.hidden && this.shown.length) {
        this.open(true);
        this.activate(0);
        event.preventDefault();
      }
      return;
    }
    const count = this.shown.length;
    // One place beyond either end is the field itself, with no choice active.
    if (event.key === "ArrowDown") this.activate(this.active + 1 === count ? -1 : this.active + 1);
    else if (event.key === "ArrowUp") this.activate(this.active < 0 ? count - 1 : this.active - 1);
    else if (event.key === "Enter" && this.active >= 0) this.take(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }
}

function span(name: string, text: string): HTMLSpanElement {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
