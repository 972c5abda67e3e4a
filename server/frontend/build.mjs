// Bundles each module of src/ that a page may load, names it by its content, and lists what
// licences the bundles are under. What src/ has in folders is shared by these modules.
import { readdir, readFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const out = join(here, "../stancegraph/web/built");

const entries = (await readdir(join(here, "src"))).filter((name) => name.endsWith(".ts"));
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: entries.map((name) => join("src", name)),
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  legalComments: "none", // the licences stand together, in licences.txt
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
});

const manifest = {};
const packages = new Set();
for (const [file, { entryPoint, inputs }] of Object.entries(metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint).replace(/\.ts$/, ".js")] = basename(file);
  for (const input of Object.keys(inputs)) {
    const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
    if (found) packages.add(found[0]);
  }
}
await writeFile(join(out, "licences.txt"), await licences([...packages].sort()));
// Written last: that it is there says that the build is whole.
const sorted = Object.fromEntries(Object.entries(manifest).sort());
await writeFile(join(out, "manifest.json"), JSON.stringify(sorted, null, 1) + "\n");

/** The licences of the packages in these folders, each with its whole text. */
async function licences(folders) {
  const texts = [
    "The scripts of this site hold code of the packages below, under the licences that follow.",
  ];
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(
      await readFile(join(here, folder, "package.json"), "utf8"),
    );
    const file = (await readdir(join(here, folder))).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} ${version} (${license}) has no text of its licence`);
    const text = await readFile(join(here, folder, file), "utf8");
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  return texts.join("\n\n" + "-".repeat(72) + "\n\n") + "\n";
}
