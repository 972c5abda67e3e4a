// Pictures that the server drew: a button beside the SVG gives the same as PNG.
import { download } from "./shared/download";
import { asPng } from "./shared/raster";

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-png]")) {
  const { png, name } = button.dataset;
  button.hidden = false;
  button.addEventListener("click", async () => {
    download(await asPng(png ?? ""), `${name}.png`);
  });
}
