import { describe, expect, it } from "vitest";
import { auroc } from "./auroc.ts";
import { rejectionOfDrawn } from "./rejection.ts";
import { drawStrangers, STRANGERS } from "./strangers.ts";

describe("auroc", () => {
  it("is the share of pairs in which the first is higher, equals being half", () => {
    const [above, below] = [Float32Array.of(0.9, 0.5, 0.5), Float32Array.of(0.5, 0.1)];
    const wins = [...above].flatMap((a) => [...below].map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
    expect(auroc(above, below)).toBe(wins.reduce<number>((sum, win) => sum + win, 0) / wins.length);
    expect(auroc(below, above)).toBeCloseTo(1 - auroc(above, below), 12);
    expect(auroc(above, above)).toBe(0.5);
  });
});

describe("strangers", () => {
  it("are the same every time, ink on paper, each kind but the blank one of many kinds", () => {
    for (const kind of STRANGERS) {
      const pixels = drawStrangers(kind, 3, [28, 28]);
      expect(drawStrangers(kind, 3, [28, 28])).toEqual(pixels);
      expect(pixels.subarray(0, 784).some((level) => level > 200)).toBe(kind !== "blank");
      expect(String(pixels.subarray(0, 784)) === String(pixels.subarray(784, 1568))).toBe(kind === "blank");
    }
    expect(drawStrangers("scribble", 2, [16, 20])).toHaveLength(640);
  });

  it("are counted where their confidence is below the threshold", async () => {
    // Sure of what has ink.
    const confidence = async ({ pixels, count }: { pixels: Uint8Array; count: number }) =>
      Float32Array.from({ length: count }, (_, i) =>
        pixels.subarray(784 * i, 784 * (i + 1)).some(Boolean) ? 0.7 : 0.1,
      );
    const rejecting = { confidence, known: Float32Array.of(0.6, 0.8), threshold: 0.5 };
    const results = await rejectionOfDrawn([28, 28], rejecting);
    expect(results.map(({ of, rejected, auroc }) => [of, rejected, auroc])).toEqual([
      ["blank", 1, 1],
      ...STRANGERS.slice(1).map((of) => [of, 0, 0.5]),
    ]);
    expect(await rejectionOfDrawn([28, 28, 3], rejecting)).toEqual([]);
  });
});
