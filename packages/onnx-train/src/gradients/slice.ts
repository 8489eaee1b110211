import { type Rule, rule } from "../rule.ts";
import { fromFront, known } from "./axes.ts";
import { placeAlong } from "./place.ts";

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

// The gradient goes where the slice came from, along one axis after another; the rest gets 0.
export const Slice: Rule<void> = rule((site) => {
  const { g, node, dy, shape } = site;
  const starts = known(site, 1, "starts");
  const axes = node.inputs[3] ? known(site, 3, "axes") : [...starts.keys()];
  const steps = node.inputs[4] ? known(site, 4, "steps") : starts.map(() => 1);
  let gradient = dy(0);
  for (const [i, given] of axes.entries()) {
    const axis = fromFront(given, shape(0).length);
    const extent = shape(0)[axis]!;
    const [start, step] = [starts[i]!, steps[i]!];
    const first = clamp(start < 0 ? start + extent : start, 0, step > 0 ? extent : extent - 1);
    const places = Array.from({ length: g.shape(gradient)[axis]! }, (_, at) => first + at * step);
    gradient = placeAlong(g, gradient, axis, extent, places);
  }
  return [gradient];
});
