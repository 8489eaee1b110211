import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dim, ShapeError } from "../index.ts";
import { broadcastShapes } from "./broadcast.ts";
import { NodeView } from "./rule.ts";

const node = new NodeView({ op: "Sum", domain: "", name: "s", inputs: [], outputs: ["y"], attributes: {} }, 17, [], []);
const broadcast = (...shapes: (readonly Dim[] | undefined)[]) => broadcastShapes(node, shapes);

describe("broadcastShapes", () => {
  it.each<[string, readonly Dim[], (readonly Dim[])[]]>([
    ["nothing to a scalar", [], []],
    ["a scalar to anything", [2, "n"], [[], [2, "n"]]],
    ["missing leading axes", [4, 2, 3], [[2, 3], [4, 1, 1], [3]]],
    ["1 to 0", [0], [[1], [0]]],
    ["a name beside 1", ["n"], [["n"], [1]]],
    ["a name beside itself", ["n"], [["n"], ["n"], [1]]],
    ["a name beside an extent, which it must be", [5], [["n"], [5]]],
    ["two names to a third", ["y_dim0"], [["n"], ["m"]]],
    ["unknown axes to names of their own", ["y_dim0", "y_dim1"], [["a"], ["b"], ["c", 1], ["d", 1]]],
  ])("brings %s", (_, expected, shapes) => {
    expect(broadcast(...shapes)).toEqual(expected);
  });

  it("knows nothing where one shape is unknown", () => {
    expect(broadcast([2], undefined)).toBeUndefined();
  });

  it("does not depend on the order", () => {
    const dim = fc.constantFrom<Dim>(1, 3, "n");
    fc.assert(
      fc.property(fc.array(fc.array(dim, { maxLength: 3 }), { maxLength: 4 }), (shapes) => {
        expect(broadcast(...shapes.toReversed())).toEqual(broadcast(...shapes));
        expect(broadcast(...shapes, ...shapes)).toEqual(broadcast(...shapes));
      }),
    );
  });

  it("refuses unequal extents with all shapes in the message", () => {
    expect(() => broadcast([2, 3], [1], [2, 4])).toThrow(ShapeError);
    expect(() => broadcast([2, 3], [1], [2, 4])).toThrow("[2, 3] and [1] and [2, 4] do not broadcast: 3 against 4.");
  });
});
