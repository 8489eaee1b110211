import type { Drawing } from "./drawing.ts";

/** In widths of the sheet. */
const STEP = 1 / 40;
const LONG_STEP = 1 / 10;

const DIRECTIONS: { readonly [key: string]: readonly [x: number, y: number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Draws with the arrow keys and Space; `say` tells those who cannot see the pen. */
export function useKeyboard(sheet: HTMLElement, drawing: Drawing, say: (words: string) => void): void {
  const held = new Set<string>();

  const movePen = (step: number) => {
    let { x, y } = drawing.pen;
    for (const key of held) {
      x += step * DIRECTIONS[key]![0];
      y += step * DIRECTIONS[key]![1];
    }
    drawing.move([{ x: within(x), y: within(y) }]);
  };

  const turnPen = () => {
    if (drawing.penIsDown) drawing.lift();
    else drawing.begin(drawing.pen);
    const { x, y } = drawing.pen;
    const place = `${Math.round(100 * x)} percent from the left, ${Math.round(100 * y)} from the top`;
    say(drawing.penIsDown ? `Pen down, ${place}` : `Pen up, ${place}`);
  };

  sheet.addEventListener("keydown", (event) => {
    const isMove = event.key in DIRECTIONS;
    if ((!isMove && event.key !== " ") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // these keys scroll the page
    drawing.showPen(true);
    if (isMove) {
      held.add(event.key);
      movePen(event.shiftKey ? LONG_STEP : STEP);
    } else if (!event.repeat) turnPen();
  });
  sheet.addEventListener("keyup", (event) => held.delete(event.key));

  sheet.addEventListener("focus", () => drawing.showPen(sheet.matches(":focus-visible")));
  sheet.addEventListener("blur", () => {
    held.clear();
    drawing.lift();
    drawing.showPen(false);
  });
}

const within = (place: number) => Math.min(1, Math.max(0, place));
