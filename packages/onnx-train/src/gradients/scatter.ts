import { copyNode, type Gradients, type Rule, rule, type Site } from "../rule.ts";
import { addSlicesAt } from "./add-slices.ts";

type Reduction = "none" | "add";

function reductionOf(site: Site): Reduction {
  const reduction = site.attribute("reduction", "none");
  return reduction === "none" || reduction === "add"
    ? reduction
    : site.fail(`reduction "${reduction}"; none and add can.`);
}

// What was written over has no gradient; what was added to keeps it.
export const ScatterND: Rule<void> = {
  forward(site) {
    const { g, x, put, shape } = site;
    // onnxruntime's own sums are lost where threads meet.
    if (reductionOf(site) === "none") copyNode(site);
    else put(0, "plain", g.add(x(0), addSlicesAt(g, x(2), x(1), shape(0))));
  },
  backward(site): Gradients {
    const { g, x, dy, shape } = site;
    const dupdates = g.op("GatherND", [dy(0), x(1)]);
    const replaced = () => g.op("ScatterND", [dy(0), x(1), g.filled(shape(2), 0)]);
    return [reductionOf(site) === "none" ? replaced() : dy(0), undefined, dupdates];
  },
};

export const ScatterElements: Rule<void> = rule((site) => {
  const { g, x, dy, shape, attribute } = site;
  const axis = attribute("axis", 0);
  const dupdates = g.op("GatherElements", [dy(0), x(1)], { axis });
  const replaced = () => g.op("ScatterElements", [dy(0), x(1), g.filled(shape(2), 0)], { axis });
  return [reductionOf(site) === "none" ? replaced() : dy(0), undefined, dupdates];
});

// The gradient of each value goes where it was found.
export const TopK: Rule<void> = rule(({ g, y, dy, shape, attribute }) => [
  g.op("ScatterElements", [g.filled(shape(0), 0), y(1), dy(0)], { axis: attribute("axis", -1) }),
]);
