import fc from "fast-check";
import { expect, it } from "vitest";
import { enlarge, gray, stroke } from "../test/drawings.ts";
import { areaResample } from "./area-resample.ts";

it("keeps pixels that are cells already", () => {
  const image = gray("12", "34");
  const cells = { left: 0, top: 0, count: 2, unitsPerCell: 1, unitsPerPixel: 1 };
  expect([...areaResample(image, cells)]).toEqual([...image.data]);
});

it("shares a pixel between cells by area", () => {
  const sums = areaResample(gray("9"), { left: -2, top: -1, count: 2, unitsPerCell: 4, unitsPerPixel: 6 });
  // Of 36 square units, columns take 2 and 4, rows 3 and 3.
  expect([...sums]).toEqual([6, 12, 6, 12].map((area) => 255 * area));
});

it("loses no ink where the cells cover the picture", () => {
  fc.assert(
    fc.property(stroke, fc.integer({ min: 1, max: 30 }), (image, count) => {
      const side = Math.max(image.width, image.height);
      const sums = areaResample(image, { left: 0, top: 0, count, unitsPerCell: side, unitsPerPixel: count });
      const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
      expect(total(sums)).toBe(total(image.data) * count ** 2);
    }),
  );
});

it("gives the same from a picture that was enlarged in whole blocks", () => {
  fc.assert(
    fc.property(stroke, fc.integer({ min: 2, max: 6 }), (image, times) => {
      const cells = { left: -3, top: 5, count: 20, unitsPerCell: 7 * times, unitsPerPixel: 4 * times };
      expect(areaResample(enlarge(image, times), { ...cells, unitsPerPixel: 4 })).toEqual(areaResample(image, cells));
    }),
  );
});
