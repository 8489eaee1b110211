import type { Held } from "../layout.ts";
import { rowsInOrder } from "../lowering.ts";
import type { Call, LayerRule } from "./rule.ts";

const LeakyReLU: LayerRule = {
  becomes: "LeakyRelu",
  lower: (call) => {
    const x = call.input();
    return { ...x, name: call.op("LeakyRelu", [x.name], { alpha: call.config.number("alpha", 0.3) }) };
  },
};

const PReLU: LayerRule = {
  carriesMask: true,
  becomes: "PRelu",
  lower: (call) => {
    const x = call.batchFirst(call.settle(call.input()));
    const given = call.config.raw("shared_axes") === undefined ? [] : call.config.integers("shared_axes");
    // TF.js: one slope per element but the batch, 1 along shared axes; held like the image that it applies to.
    const shape = call
      .dims(x)
      .slice(1)
      .map((dim, i) => (given.includes(i + 1) ? 1 : dim));
    const perm = x.perm.slice(1).map((axis) => axis - 1);
    const steps = () => [{ kind: "transpose", perm } as const, ...(shape[0] === 1 ? [] : rowsInOrder(x.blocks))];
    return { ...x, name: call.op("PRelu", [x.name, call.weight("alpha", shape, steps)]) };
  },
};

const ReLU: LayerRule = {
  carriesMask: true,
  becomes: "Relu, or Clip with max_value",
  lower: (call) => {
    const x = call.input();
    if (call.config.raw("max_value") === undefined) return { ...x, name: call.op("Relu", [x.name]) };
    const bounds = [call.g.floats(0), call.g.floats(call.config.number("max_value"))];
    return { ...x, name: call.op("Clip", [x.name, ...bounds]) };
  },
};

const ELU: LayerRule = {
  becomes: "Elu",
  notes: "alpha 1, as in TF.js",
  lower: (call) => {
    const x = call.input();
    if (call.config.number("alpha", 1) !== 1) call.config.unsupported("alpha", "TF.js's ELU has alpha 1 only.");
    return { ...x, name: call.op("Elu", [x.name]) };
  },
};

const ThresholdedReLU: LayerRule = {
  becomes: "ThresholdedRelu",
  lower: (call) => {
    const x = call.input();
    return { ...x, name: call.op("ThresholdedRelu", [x.name], { alpha: call.config.number("theta", 1) }) };
  },
};

const Softmax: LayerRule = {
  becomes: "Softmax; ReduceLogSumExp, Sub, Exp over several axes",
  notes: "over the last axis or several, as in TF.js; not where a mask reaches it",
  lower: (call) => {
    const x = call.input();
    if (call.lowering.passed.mask !== undefined)
      call.fail("TF.js adds the mask of the steps to its input; use softmax as the activation of the layer before it.");
    const rank = x.perm.length;
    const given = call.config.raw("axis") ?? 1;
    if (Array.isArray(given) && given.length > 1) return { ...x, name: overAxes(call, x) };
    const axis = Array.isArray(given) && given.length === 1 ? given[0] : given;
    if (axis !== -1 && axis !== rank - 1) call.config.unsupported("axis", "TF.js's softmax knows the last axis only.");
    const name = call.op("Softmax", [x.name], { axis: x.perm.indexOf(rank - 1) });
    call.lowering.activated.set(name, { by: "softmax", from: x });
    return { ...x, name };
  },
};

// exp(x − log Σ exp(x)) over several axes
function overAxes(call: Call, x: Held): string {
  const axes = call.config.axes("axis", x.perm.length, -1);
  const places = x.perm.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
  const sum = call.reduce("ReduceLogSumExp", x.name, places, true);
  return call.op("Exp", [call.op("Sub", [x.name, sum])]);
}

export const ACTIVATION_LAYERS: Readonly<Record<string, LayerRule>> = {
  ELU,
  LeakyReLU,
  PReLU,
  ReLU,
  Softmax,
  ThresholdedReLU,
};
