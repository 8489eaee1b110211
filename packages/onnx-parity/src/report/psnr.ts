import type { OutputReport } from "../compare/output-comparison.ts";

/** Shorter sides are masks and feature maps as often as pictures. */
const SHORTEST_SIDE = 8;
const MOST_CHANNELS = 4;

/** Whether an output looks like pictures: [n, channels, height, width] or [n, height, width, channels]. */
export function isImageLike({ shape }: Pick<OutputReport, "shape">): boolean {
  const [, a = 0, b = 0, c = 0] = shape;
  if (shape.length !== 4) return false;
  const sided = (height: number, width: number, channels: number): boolean =>
    Math.min(height, width) >= SHORTEST_SIDE && channels >= 1 && channels <= MOST_CHANNELS;
  return sided(b, c, a) || sided(a, b, c);
}

/** "63.2 dB", "equal", or where it says nothing "-". */
export function psnrOf(output: OutputReport): string {
  if (!isImageLike(output) || Number.isNaN(output.psnr)) return "-";
  return output.psnr === Number.POSITIVE_INFINITY ? "equal" : `${output.psnr.toFixed(1)} dB`;
}
