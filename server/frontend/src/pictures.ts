// Pictures that the server drew: a button beside the SVG gives the same as PNG.
import { download } from "./shared/download";
import { asPng } from "./shared/raster";

/** Lets the pictures in *root* be had as PNG. */
export function start(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-png][hidden]")) {
    const { png, name } = button.dataset;
    button.hidden = false;
    button.addEventListener("click", async () => {
      download(await asPng(png ?? ""), `${name}.png`);
    });
  }
}

start(document);
