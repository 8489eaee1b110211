import type { Page } from "playwright-core";

/** A person at the page: draws, types, and sees what it says. Expressions are text, since no DOM types are loaded here. */
export interface Visitor {
  readonly page: Page;
  /** What the page says of the sheet, as soon as it differs from "loading". */
  answer(): Promise<{ state: string | null; glyph: string | null; detail: string | null }>;
  /** The length of every bar, 0 to 1. */
  bars(): Promise<number[]>;
  /** How much ink is on the picture that the model sees, 0 to 1. */
  inkSeen(): Promise<number>;
  /** Draws a digit with the mouse. */
  draw(digit: keyof typeof STROKES, options?: { lift?: boolean }): Promise<void>;
}

type Place = readonly [x: number, y: number];

const circle = (parts: number): Place[] =>
  Array.from({ length: parts + 1 }, (_, part) => {
    const angle = (2 * Math.PI * part) / parts;
    return [0.5 - 0.22 * Math.sin(angle), 0.5 - 0.36 * Math.cos(angle)];
  });

/** In widths of the sheet. */
const STROKES = {
  0: circle(32),
  1: Array.from({ length: 20 }, (_, step): Place => [0.52 - step / 500, 0.15 + (0.7 * step) / 19]),
} as const;

export function visit(page: Page): Visitor {
  const text = (id: string) => page.locator(`#${id}`).textContent();
  return {
    page,
    async answer() {
      await page.waitForFunction(`document.getElementById("answer").dataset.state !== "loading"`);
      const state = await page.locator("#answer").getAttribute("data-state");
      return { state, glyph: await text("glyph"), detail: await text("detail") };
    },
    bars: () =>
      page.evaluate(`[...document.querySelectorAll("#bars li")].map((bar) => +bar.style.getPropertyValue("--score"))`),
    inkSeen: () =>
      page.evaluate(`{
        const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
        copy.drawImage(document.getElementById("seen"), 0, 0);
        const { data } = copy.getImageData(0, 0, 28, 28);
        data.reduce((ink, byte, at) => ink + (at % 4 === 3 ? byte : 0), 0) / (255 * 28 * 28);
      }`),
    async draw(digit, { lift = true } = {}) {
      const { x, y, width, height } = (await page.locator("#drawing").boundingBox())!;
      const [first, ...rest] = STROKES[digit].map((place): Place => [x + place[0] * width, y + place[1] * height]);
      await page.mouse.move(...first!);
      await page.mouse.down();
      for (const place of rest) await page.mouse.move(...place);
      if (lift) await page.mouse.up();
    },
  };
}
