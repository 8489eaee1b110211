import type { GrayImage } from "./image.ts";

/** Pixels from `left` and `top` up to, not including, `right` and `bottom`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The share of all ink below which a separate piece is a speck of dust, not part of the drawing. */
const SPECK = 0.005;

/**
 * The tight box around the drawing: all connected pieces of pixels over `threshold`, specks left out (unless the
 * drawing is nothing but specks). Undefined when there is no such pixel.
 */
export function inkBox({ width, height, data }: GrayImage, threshold: number): Box | undefined {
  const unseen = new Uint8Array(data.length);
  let pixels = 0;
  let ink = 0;
  for (let i = 0; i < data.length; i++) {
    const level = data[i]!;
    if (level <= threshold) continue;
    unseen[i] = 1;
    pixels++;
    ink += level;
  }

  let everything: Box | undefined;
  let drawing: Box | undefined;
  const toVisit = new Uint32Array(pixels);
  for (let start = unseen.indexOf(1); start !== -1; start = unseen.indexOf(1, start + 1)) {
    const piece = walkPiece(start);
    everything = union(everything, piece.box);
    if (piece.ink >= SPECK * ink) drawing = union(drawing, piece.box);
  }
  return drawing ?? everything;

  /** Takes the piece that holds pixel `start`, diagonal neighbours included, out of `unseen`. */
  function walkPiece(start: number): { box: Box; ink: number } {
    let left = width;
    let top = height;
    let right = 0;
    let bottom = 0;
    let ink = 0;
    let waiting = 0;
    unseen[start] = 0;
    toVisit[waiting++] = start;
    while (waiting > 0) {
      const i = toVisit[--waiting]!;
      const y = Math.floor(i / width);
      const x = i - y * width;
      ink += data[i]!;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      const firstX = Math.max(0, x - 1);
      const lastX = Math.min(width - 1, x + 1);
      const lastY = Math.min(height - 1, y + 1);
      for (let ny = Math.max(0, y - 1); ny <= lastY; ny++)
        for (let next = ny * width + firstX; next <= ny * width + lastX; next++) {
          if (unseen[next] === 0) continue;
          unseen[next] = 0;
          toVisit[waiting++] = next;
        }
    }
    return { box: { left, top, right, bottom }, ink };
  }
}

function union(a: Box | undefined, b: Box): Box {
  if (a === undefined) return b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}
