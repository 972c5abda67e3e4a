// Writes the outlines that maps are drawn from: the countries of Natural Earth at 1:50 million,
// as world-atlas has them, in the equal-area projection Equal Earth, simplified, as SVG paths.
// Run it by hand (npm run outlines) when world-atlas changes; what it writes is checked in.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature, merge } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const WIDTH = 960; // units of the drawing
const NORTH = 84; // degrees; what is beyond is ice and sea
const SOUTH = -57;
const TENTH = 10; // paths are in tenths of a unit, which spares the points of decimals
const SMALLEST = 0.06; // square degrees: a bend that spans less is left out
const ISLAND = 40; // square tenths: a smaller piece of land is left out, if it is not the largest
// Codes in common use for areas that ISO 3166-1 has none for, by the name in Natural Earth.
const IN_COMMON_USE = { Kosovo: "XKX" };
const LEFT_OUT = new Set(["Antarctica"]);

const here = import.meta.dirname;
const atlas = join(here, "node_modules/world-atlas");
const whole = JSON.parse(await readFile(join(atlas, "countries-50m.json"), "utf8"));
const { version } = JSON.parse(await readFile(join(atlas, "package.json"), "utf8"));
const world = simplify(presimplify(whole), SMALLEST);

const projection = geoEqualEarth().fitWidth(WIDTH, { type: "Sphere" });
const tall = ([, y]) => Math.round(y);
const top = tall(projection([0, NORTH]));
const bottom = tall(projection([0, SOUTH]));
const [x, y] = projection.translate();
projection.translate([x, y - top]);

const byCode = new Map();
for (const shape of world.objects.countries.geometries) {
  const { name } = shape.properties;
  const code = shape.id ?? IN_COMMON_USE[name] ?? "";
  if (!LEFT_OUT.has(name)) byCode.set(code, [...(byCode.get(code) ?? []), shape]);
}
const shapes = {};
let others = "";
for (const [code, parts] of [...byCode].sort(([a], [b]) => a.localeCompare(b))) {
  if (code) {
    const path = drawn(merge(world, parts));
    if (path) shapes[code] = path; // the others are too small for any line
  } else others = parts.map((part) => drawn(feature(world, part))).join("");
}

/** An SVG path of steps from point to point, in tenths. */
function drawn(geography) {
  const rings = [];
  let ring = [];
  const at = ([x, y]) => [Math.round(x * TENTH), Math.round(y * TENTH)];
  const sink = {
    moveTo: (...point) => (ring = [at(point)]),
    lineTo: (...point) => ring.push(at(point)),
    closePath: () => rings.push(ring),
    arc: () => {},
  };
  geoPath(projection, sink)(geography);
  const size = (points) =>
    Math.abs(points.reduce((sum, [x, y], i) => {
      const [nextX, nextY] = points[(i + 1) % points.length];
      return sum + x * nextY - nextX * y;
    }, 0)) / 2;
  const largest = Math.max(...rings.map(size));
  return rings
    .filter((points) => size(points) > 0 && size(points) >= Math.min(ISLAND, largest))
    .map((points) => points.map(step).join("") + "z")
    .join("");
}

/** How one gets to the point *i* of a ring: from nowhere, or from the point before it. */
function step([x, y], i, points) {
  if (i === 0) return `M${x},${y}l`;
  const [dx, dy] = [x - points[i - 1][0], y - points[i - 1][1]];
  if (dx === 0 && dy === 0) return "";
  const between = i > 1 && dx >= 0 ? " " : "";
  return `${between}${dx}${dy < 0 ? "" : ","}${dy}`;
}

const round = (number) => Math.round(number * 1e4) / 1e4;
const made = {
  source: `Natural Earth 1:50 million, in the public domain, by world-atlas ${version} (ISC)`,
  width: WIDTH,
  height: bottom - top,
  scale: round(projection.scale()),
  translate: projection.translate().map(round),
  others,
  shapes,
};
const lines = Object.entries(made).map(([key, value]) => {
  if (key !== "shapes") return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const each = Object.entries(value).map(([code, d]) => `${JSON.stringify(code)}: "${d}"`);
  return `"shapes": {\n${each.join(",\n")}\n}`;
});
await writeFile(
  join(here, "../stancegraph/web/pictures/outlines.json"),
  `{\n${lines.join(",\n")}\n}\n`,
);
