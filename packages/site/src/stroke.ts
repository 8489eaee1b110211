/** A place on the sheet: 0, 0 is its top left corner, 1, 1 its bottom right one. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the pen went, from touching the sheet to leaving it. */
export type Stroke = Point[];

/** In widths of the sheet: a digit that fills it gets strokes as thick as those of MNIST, two to three pixels of 20. */
export const PEN_WIDTH = 0.08;

/**
 * Draws strokes on a square of `side` pixels, in the context's stroke colour.
 *
 * The curve goes through the middles between neighbouring points, and the points bend it: no corners, however few
 * points the device gives.
 */
export function drawStrokes(context: CanvasRenderingContext2D, strokes: readonly Stroke[], side: number): void {
  context.lineCap = "round";
  context.lineJoin = "round";
  context.lineWidth = PEN_WIDTH * side;
  for (const stroke of strokes) {
    const [first, ...rest] = stroke.map(({ x, y }) => ({ x: x * side, y: y * side }));
    if (first === undefined) continue;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const [place, point] of rest.entries()) {
      const next = rest[place + 1] ?? point;
      context.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
    }
    if (rest.length === 0) context.lineTo(first.x + DOT, first.y); // a line of no length need not be drawn
    context.stroke();
  }
}

const DOT = 0.01;
