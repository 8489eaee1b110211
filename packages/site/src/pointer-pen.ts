import type { Drawing } from "./drawing.ts";
import type { Point } from "./stroke.ts";

/** Draws with a mouse, a finger or a pen, one of them at a time. */
export function usePointer(canvas: HTMLCanvasElement, drawing: Drawing): void {
  let drawer: PointerEvent | undefined;

  const placeOf = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (drawer !== undefined) {
      // The palm often lands before the pen: the pen takes over, and what the palm drew goes.
      if (event.pointerType !== "pen" || drawer.pointerType !== "touch") return;
      drawing.undo();
    }
    drawer = event;
    canvas.setPointerCapture(event.pointerId); // a stroke may leave the sheet and come back
    drawing.showPen(false);
    drawing.begin(placeOf(event));
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawer?.pointerId) return;
    // Screens repaint 60 times a second, pens report 240 places: the browser hands over those in between together.
    const between = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
    drawing.move((between.length > 0 ? between : [event]).map(placeOf));
  });

  const lift = (event: PointerEvent) => {
    if (event.pointerId !== drawer?.pointerId) return;
    drawer = undefined;
    drawing.lift();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  canvas.addEventListener("contextmenu", (event) => {
    if (drawer !== undefined) event.preventDefault(); // a long press
  });
}
