import { drawStrokes, PEN_WIDTH, type Point, type Stroke } from "./stroke.ts";

/** A sheet that pens draw on. */
export interface Drawing {
  /** Where the pen is, on the sheet or above it. */
  readonly pen: Point;
  readonly penIsDown: boolean;
  readonly isEmpty: boolean;
  readonly canUndo: boolean;
  /** Puts the pen down: a stroke begins. */
  begin(at: Point): void;
  /** Moves the pen, and draws while it is down. */
  move(to: readonly Point[]): void;
  /** Lifts the pen: the stroke ends. */
  lift(): void;
  /** Takes the last stroke away, or brings back what was cleared. */
  undo(): void;
  clear(): void;
  /** Whether the pen itself is to be seen, for those who draw without a pointer. */
  showPen(shown: boolean): void;
  /** The drawing as the model gets it: always black on white and of one size, whatever screen and theme. */
  picture(): HTMLCanvasElement;
}

/** Ten times the model's 28 pixels: finer than it can tell, small enough to prepare in a millisecond or two. */
const PICTURE_SIDE = 280;

/** Closer points are the hand's tremor, or a mouse that rests. */
const LEAST_MOVE = 0.003;

/** Makes a drawing of the canvas; `onChange` hears of every change of its ink. */
export function createDrawing(canvas: HTMLCanvasElement, onChange: () => void): Drawing {
  const screen = canvas.getContext("2d")!;
  const paper = document.createElement("canvas");
  const picture = paper.getContext("2d", { willReadFrequently: true })!;
  paper.width = paper.height = PICTURE_SIDE;

  let strokes: readonly Stroke[] = [];
  const past: (readonly Stroke[])[] = [];
  let current: Stroke | undefined;
  let pen: Point = { x: 0.5, y: 0.5 };
  let penIsShown = false;

  const paint = () => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    screen.clearRect(0, 0, side, side);
    screen.strokeStyle = getComputedStyle(canvas).color;
    drawStrokes(screen, strokes, side);
    if (penIsShown) drawPen(screen, pen, current !== undefined, side);
  };
  const repaint = oncePerFrame(paint);
  new ResizeObserver(repaint).observe(canvas);
  addEventListener("resize", repaint); // zooming changes devicePixelRatio and perhaps no size
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  const changed = () => {
    repaint();
    onChange();
  };
  const replaceStrokes = (next: readonly Stroke[]) => {
    past.push(strokes);
    strokes = next;
  };

  return {
    get pen() {
      return pen;
    },
    get penIsDown() {
      return current !== undefined;
    },
    get isEmpty() {
      return strokes.length === 0;
    },
    get canUndo() {
      return past.length > 0;
    },
    begin(at) {
      pen = at;
      current = [at];
      replaceStrokes([...strokes, current]);
      changed();
    },
    move(to) {
      for (const point of to) {
        if (Math.hypot(point.x - pen.x, point.y - pen.y) < LEAST_MOVE) continue;
        pen = point;
        current?.push(point);
      }
      if (current === undefined) repaint();
      else changed();
    },
    lift() {
      current = undefined;
      repaint();
    },
    undo() {
      current = undefined;
      strokes = past.pop() ?? strokes;
      changed();
    },
    clear() {
      current = undefined;
      if (strokes.length > 0) replaceStrokes([]);
      changed();
    },
    showPen(shown) {
      penIsShown = shown;
      repaint();
    },
    picture() {
      picture.fillStyle = "white";
      picture.fillRect(0, 0, PICTURE_SIDE, PICTURE_SIDE);
      picture.strokeStyle = "black";
      drawStrokes(picture, strokes, PICTURE_SIDE);
      return paper;
    },
  };
}

/** A ring above the sheet, a disc on it. */
function drawPen(context: CanvasRenderingContext2D, { x, y }: Point, isDown: boolean, side: number): void {
  const accent = getComputedStyle(context.canvas).accentColor;
  context.beginPath();
  context.arc(x * side, y * side, (PEN_WIDTH * side) / 2, 0, 2 * Math.PI);
  context.lineWidth = side / 140;
  context.strokeStyle = accent;
  context.stroke();
  if (!isDown) return;
  context.fillStyle = accent;
  context.fill();
}

function oncePerFrame(work: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
