import { createRequire } from "node:module";
import sharp from "sharp";
import type { Html } from "./page/html.ts";

const FONT = { family: "DejaVu Sans", file: "dejavu-fonts-ttf/ttf/DejaVuSans.ttf" } as const;
/** For two pixels to each of the SVG's, as sharp screens have them: sharp takes it for 72 to an inch. */
const DENSITY = 144;

/** A plot as it is on a light page, as a PNG of twice its size. */
export async function pngFromPlot(plot: Html): Promise<Buffer> {
  await bringFont();
  // The renderer knows no variables of style sheets, and no page around the plot.
  const svg = plot.text
    .replace("<svg ", `<svg xmlns="http://www.w3.org/2000/svg" color="black" `)
    .replaceAll("system-ui, sans-serif", `${FONT.family}, sans-serif`)
    .replaceAll("var(--plot-background)", "white");
  return sharp(Buffer.from(svg), { density: DENSITY }).flatten({ background: "white" }).png().toBuffer();
}

let font: Promise<unknown> | undefined;

/**
 * Without any font, as in a slim container, letters would come out as boxes. libvips takes one along for a text of its
 * own, and from then on all of this process's drawing finds it by its name: plots look the same on every machine.
 */
function bringFont(): Promise<unknown> {
  font ??= (async () => {
    const fontfile = createRequire(import.meta.url).resolve(FONT.file);
    await sharp({ text: { text: "x", font: FONT.family, fontfile } })
      .raw()
      .toBuffer();
  })().catch(() => {}); // the system's own fonts will do: a run of hours is not lost for letters
  return font;
}
