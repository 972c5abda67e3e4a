// Draws a network of things: each node a link to its page, reachable by keyboard; the table
// beneath has the same. The layout is found by forces, before anything is shown.
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from "d3-force";
import { download } from "./shared/download";
import { asPng } from "./shared/raster";

interface Node extends SimulationNodeDatum {
  id: string;
  label: string;
  href: string | null;
  degree: number;
}

interface Edge extends SimulationLinkDatum<Node> {
  label: string;
}

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 300; // of the layout, after which it hardly moves
const PATIENCE = 4000; // milliseconds that the layout may take
const MARGIN = 60;
const NARROWEST = 900; // so that few nodes are not drawn large
const NAMED = 40; // links at most whose names are written out
const SCALES = [1, 1.5, 2.25, 3.4, 5];

/** Draws the networks in *root*. */
export function start(root: ParentNode): void {
  for (const place of root.querySelectorAll<HTMLElement>("[data-network][hidden]")) {
    const data = root.querySelector(`#${place.dataset.network}`)?.textContent;
    if (data) show(place, JSON.parse(data));
  }
}

start(document);

function show(place: HTMLElement, { nodes, edges }: { nodes: Node[]; edges: Edge[] }): void {
  const [width, height] = lay(nodes, edges);
  const drawing = draw(nodes, edges, width, height);
  place.hidden = false;
  const frame = document.createElement("div");
  frame.className = "scroll";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", place.dataset.title ?? "Network");
  frame.append(drawing);
  place.append(frame, tools(place, drawing));
}

/** Gives each node its place; the width and height that they need. */
function lay(nodes: Node[], edges: Edge[]): [number, number] {
  const degrees = new Map<string, number>();
  for (const { source, target } of edges) {
    for (const end of [source, target]) degrees.set(String(end), (degrees.get(String(end)) ?? 0) + 1);
  }
  for (const node of nodes) node.degree = degrees.get(node.id) ?? 0;
  const far = nodes.length > 300 ? 40 : edges.length <= NAMED ? 130 : 80;
  const layout = forceSimulation(nodes)
    .force("link", forceLink<Node, Edge>(edges).id((node) => node.id).distance(far))
    .force("charge", forceManyBody().strength(-4 * far).distanceMax(12 * far))
    .force("collide", forceCollide<Node>((node) => radius(node) + 6))
    .force("x", forceX(0).strength(0.05))
    .force("y", forceY(0).strength(0.08))
    .stop();
  const begun = performance.now();
  for (let step = 0; step < STEPS && performance.now() - begun < PATIENCE; step += 1) layout.tick();
  const left = Math.min(...nodes.map((node) => node.x!)) - MARGIN;
  const top = Math.min(...nodes.map((node) => node.y!)) - MARGIN / 2;
  for (const node of nodes) {
    node.x! -= left;
    node.y! -= top;
  }
  const right = Math.max(...nodes.map((node) => node.x! + 7 * shortened(node.label).length)) + 20;
  const bottom = Math.max(...nodes.map((node) => node.y!));
  const width = Math.ceil(Math.max(right, NARROWEST));
  for (const node of nodes) node.x! += (width - right) / 2;
  return [width, Math.ceil(bottom + MARGIN / 2)];
}

function radius(node: Node): number {
  return 4 + Math.sqrt(node.degree) * 1.6;
}

function draw(nodes: Node[], edges: Edge[], width: number, height: number): SVGSVGElement {
  const drawing = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group" });
  drawing.setAttribute("aria-label", `${nodes.length} things and ${edges.length} links`);
  for (const edge of edges) {
    const [from, to] = [edge.source as Node, edge.target as Node];
    const line = element("path", {
      d: `M${n(from.x)},${n(from.y)}L${n(to.x)},${n(to.y)}`,
      stroke: "currentColor",
      "stroke-opacity": 0.3,
    });
    line.append(title(`${from.label} → ${to.label}${edge.label ? `: ${edge.label}` : ""}`));
    drawing.append(line);
    if (edge.label && edges.length <= NAMED) {
      const name = element("text", {
        x: n((from.x! + to.x!) / 2),
        y: n((from.y! + to.y!) / 2 - 3),
        "font-size": 9,
        "text-anchor": "middle",
        fill: "currentColor",
        "fill-opacity": 0.75,
      });
      name.textContent = shortened(edge.label);
      drawing.append(name);
    }
  }
  // Those with the most links are found first.
  for (const node of [...nodes].sort((a, b) => b.degree - a.degree)) {
    const told = `${node.label}, ${node.degree} ${node.degree === 1 ? "link" : "links"}`;
    const shape = node.href ? element("a", { href: node.href }) : element("g", {});
    const dot = { cx: n(node.x), cy: n(node.y), r: n(radius(node)), fill: "#3b73b9", stroke: "#ffffff" };
    const text = element("text", {
      x: n(node.x! + radius(node) + 3),
      y: n(node.y! + 4),
      "font-size": 11,
      fill: "currentColor",
    });
    text.textContent = shortened(node.label);
    shape.append(title(told), element("circle", dot), text);
    drawing.append(shape);
  }
  return drawing;
}

/** Buttons to see it larger or smaller, and to keep it. */
function tools(place: HTMLElement, drawing: SVGSVGElement): HTMLElement {
  const row = document.createElement("p");
  row.className = "downloads";
  const name = place.dataset.name ?? "network";
  let scale = 0;
  const zoom = (step: number) => {
    scale = Math.max(0, Math.min(scale + step, SCALES.length - 1));
    drawing.style.minWidth = scale ? `${SCALES[scale]! * 60}rem` : "";
  };
  row.append(
    button("Larger", () => zoom(1)),
    " ",
    button("Smaller", () => zoom(-1)),
    " ",
    button("SVG", () => download(file(drawing, place.dataset.title ?? ""), `${name}.svg`)),
    " ",
    button("PNG", async () => {
      const address = URL.createObjectURL(file(drawing, place.dataset.title ?? ""));
      download(await asPng(address), `${name}.png`);
      URL.revokeObjectURL(address);
    }),
  );
  return row;
}

function button(told: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link";
  made.textContent = told;
  made.addEventListener("click", act);
  return made;
}

/** The drawing as a file: on white, with what it shows beneath it. */
function file(drawing: SVGSVGElement, told: string): Blob {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const [, , width, height] = drawing.getAttribute("viewBox")!.split(" ").map(Number);
  copy.removeAttribute("style");
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("color", "#1d2733");
  copy.setAttribute("font-family", "system-ui, sans-serif");
  copy.setAttribute("height", String(height! + 30));
  copy.setAttribute("viewBox", `0 0 ${width} ${height! + 30}`);
  const line = element("text", { x: 10, y: height! + 18, "font-size": 11, fill: "currentColor" });
  line.textContent = told;
  copy.prepend(element("rect", { width: "100%", height: "100%", fill: "#ffffff" }));
  copy.append(line);
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
}

function element<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | number>,
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function title(told: string): SVGTitleElement {
  const made = element("title", {});
  made.textContent = told;
  return made;
}

function shortened(label: string): string {
  return label.length > 28 ? `${label.slice(0, 27).trimEnd()}…` : label;
}

function n(value: number | undefined): string {
  return (value ?? 0).toFixed(1);
}
