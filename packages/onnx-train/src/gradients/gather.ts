import { sizeOf } from "@glyphcast/onnx";
import { type Rule, rule } from "../rule.ts";
import { addSlices, addSlicesAt } from "./add-slices.ts";
import { fromFront } from "./axes.ts";
import { placeAlong } from "./place.ts";

// Each slice gets the gradients of all that read it.
export const Gather: Rule<void> = rule(({ g, x, dy, shape, constant, attribute }) => {
  const [data, indices] = [shape(0), shape(1)];
  const axis = fromFront(attribute("axis", 0), data.length);
  const extent = data[axis]!;
  const d = g.reshape(dy(0), [sizeOf(data.slice(0, axis)), sizeOf(indices), sizeOf(data.slice(axis + 1))]);
  const places = constant(1)?.map((index) => fromFront(index, extent));
  const apart = places !== undefined && new Set(places).size === places.length;
  return [g.reshape(apart ? placeAlong(g, d, 1, extent, places) : addSlices(g, d, x(1), extent), data)];
});

export const GatherElements: Rule<void> = rule(({ g, x, dy, shape, attribute }) => [
  g.op("ScatterElements", [g.filled(shape(0), 0), x(1), dy(0)], { axis: attribute("axis", 0), reduction: "add" }),
]);

export const GatherND: Rule<void> = rule(({ g, x, dy, shape, attribute }) => [
  addSlicesAt(g, dy(0), x(1), shape(0), attribute("batch_dims", 0)),
]);
