import { type Rule, rule, type Site } from "../rule.ts";
import { fromFront, known } from "./axes.ts";
import { adjointAlong, identityOf } from "./linear-map.ts";

/** How much is added to each axis, or taken away where it is negative. */
function padsOf(site: Site): readonly (readonly [before: number, after: number])[] {
  const extents = site.shape(0);
  const pads = known(site, 1, "pads");
  const axes = site.node.inputs[3]
    ? known(site, 3, "axes").map((axis) => fromFront(axis, extents.length))
    : [...extents.keys()];
  return extents.map((_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i]!, pads[i + axes.length]!];
  });
}

export const Pad: Rule<void> = rule((site) => {
  const { g, node, dy, shape, attribute } = site;
  const pads = padsOf(site);
  const mode = attribute("mode", "constant");
  if (mode === "constant") {
    // What was added is taken away again, and the constant gets the rest of the gradient.
    const back = [0, 1].flatMap((side) => pads.map((pad) => 0 - pad[side]!));
    const dx = back.some((pad) => pad !== 0) ? g.op("Pad", [dy(0), g.ints(back)]) : dy(0);
    const total = (value: string) => g.sum(value, [...shape(0).keys()]);
    return [dx, undefined, node.inputs[2] ? g.reshape(g.sub(total(dy(0)), total(dx)), shape(2)) : undefined];
  }
  if (pads.flat().some((pad) => pad < 0)) site.fail(`negative pads [${pads.flat().join(", ")}] in mode ${mode}.`);
  let gradient = dy(0);
  for (const [axis, [before, after]] of pads.entries()) {
    if (before === 0 && after === 0) continue;
    const identity = identityOf(g, shape(0)[axis]!);
    const padded = g.op("Pad", [identity, g.ints([0, before, 0, after])], { mode });
    gradient = adjointAlong(g, gradient, axis, padded);
  }
  return [gradient];
});
