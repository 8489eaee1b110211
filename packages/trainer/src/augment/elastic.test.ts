import { describe, expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { elasticField } from "./elastic.ts";

const PIXEL = 65_536;
const [HEIGHT, WIDTH] = [20, 28];

describe("elasticField", () => {
  it("is the cubic B-spline of the pulls", () => {
    const spacing = 7;
    const field = elasticField({ spacing, pull: 3 }, [HEIGHT, WIDTH])(randomStream(5));
    const random = randomStream(5);
    // The basis function in its usual, centred form.
    const basis = (t: number): number => {
      const d = Math.abs(t);
      return d < 1 ? 2 / 3 - d ** 2 + d ** 3 / 2 : d < 2 ? (2 - d) ** 3 / 6 : 0;
    };
    const [down, across] = [Math.floor((HEIGHT - 1) / spacing) + 4, Math.floor((WIDTH - 1) / spacing) + 4];
    const nodes = Array.from({ length: down * across }, () => (2 * random() - 1) * 3);
    const expected = Array.from({ length: HEIGHT * WIDTH }, (_, i) => {
      const [y, x] = [Math.floor(i / WIDTH) / spacing, (i % WIDTH) / spacing];
      return nodes.reduce(
        (sum, pull, node) => sum + pull * basis(y + 1 - Math.floor(node / across)) * basis(x + 1 - (node % across)),
        0,
      );
    });
    expect([...field.x].map((dx) => dx / PIXEL)).toBeAllClose(expected, { atol: 1e-4 });
    expect(field.y).not.toEqual(field.x);
  });

  it("moves no pixel further than its points, and neighbours alike", () => {
    const draw = elasticField({ spacing: 7, pull: 3 }, [HEIGHT, WIDTH]);
    for (let i = 0; i < 50; i++) {
      const { x } = draw(randomStream(i));
      for (const [at, dx] of x.entries()) {
        expect(Math.abs(dx)).toBeLessThanOrEqual(3 * PIXEL);
        // The steepest slope of the spline between pulls of −3 and 3, seven pixels apart, is 2 · 3 / 7.
        if (at % WIDTH > 0) expect(Math.abs(dx - x[at - 1]!)).toBeLessThan((6 / 7) * PIXEL + 1);
      }
    }
  });
});
