import { float32 } from "@glyphcast/onnx";
import type { Held } from "../layout.ts";
import { rowsInOrder } from "../lowering.ts";
import type { Relayout } from "../origin.ts";
import type { Call, LayerRule } from "./rule.ts";

const BatchNormalization: LayerRule = {
  becomes: "folded into the Conv or Gemm before it, else Mul, Add; BatchNormalization in a training graph",
  lower: (call) => {
    const { config } = call;
    const given = call.settle(call.input());
    const axis = axisOf(call, given.perm.length);
    const channels = call.extent(given, axis);
    // ONNX normalises the second axis. Serving can also scale and shift where the channels are.
    const x = call.training ? call.channelsSecond(given, axis) : given;
    // A flattened image's features may be held in another order than TF.js's.
    const steps = (): readonly Relayout[] => rowsInOrder(x.blocks);
    const vector = (key: string, present: boolean, otherwise: number): string =>
      present ? call.weight(key, [channels], steps) : constant(call, key, channels, otherwise);
    const mean = call.statistic("moving_mean", [channels], steps);
    const variance = call.statistic("moving_variance", [channels], steps);
    const scale = vector("gamma", config.flag("scale", true), 1);
    const offset = vector("beta", config.flag("center", true), 0);
    const parameters = [scale, offset, mean.now, variance.now];
    const epsilon = config.number("epsilon", 1e-3);

    if (call.training) {
      if (call.shared)
        call.fail("A training graph can update its statistics once only, but it is called several times.");
      const outputs = [call.g.unique(`${call.layer.name}:out`), mean.next, variance.next];
      // Keras and ONNX mean the same by momentum: running · momentum + batch · (1 − momentum).
      const attributes = { epsilon, momentum: config.number("momentum", 0.99), training_mode: 1 };
      call.g.ops("BatchNormalization", [x.name, ...parameters], attributes, {
        name: call.nodeName("BatchNormalization"),
        outputs,
      });
      return { ...x, name: outputs[0]! };
    }
    return { ...x, name: scaleAndShift(call, x, axis, parameters, epsilon) };
  },
};

/** With fixed statistics it is y = scale·x + shift, which `passes/fold-into-weights.ts` takes into a layer before it. */
function scaleAndShift(call: Call, x: Held, axis: number, parameters: readonly string[], epsilon: number): string {
  const [gamma, beta, mean, variance] = parameters.map((name) => call.g.constant(name)!.data as Float32Array);
  // γ·(x − μ)/√(σ² + ε) + β
  const scale = Float64Array.from(gamma!, (g, i) => g / Math.sqrt(variance![i]! + epsilon));
  const shift = scale.map((s, i) => beta![i]! - mean![i]! * s);
  const shape = x.perm.map((held) => (held === axis ? scale.length : 1));
  const add = (key: string, values: Float64Array): string =>
    call.g.initializer(call.g.unique(`${call.layer.name}/${key}`), float32(shape, values));
  return call.op("Add", [call.op("Mul", [x.name, add("scale", scale)]), add("shift", shift)]);
}

/** Keras also writes the axis as a list of one. */
function axisOf(call: Call, rank: number): number {
  const given = call.config.raw("axis");
  const axis = Array.isArray(given) && given.length === 1 ? given[0] : (given ?? -1);
  if (!Number.isSafeInteger(axis) || axis < -rank || axis >= rank)
    return call.fail(`axis is ${JSON.stringify(given)}, expected an axis of a tensor of rank ${rank}.`);
  const settled = axis < 0 ? axis + rank : axis;
  return settled > 0 ? settled : call.config.unsupported("axis", "The batch axis cannot be normalised over.");
}

const constant = (call: Call, key: string, size: number, value: number): string =>
  call.g.initializer(
    call.g.unique(`${call.layer.name}/no_${key}`),
    float32([size], new Float32Array(size).fill(value)),
  );

export const NORMALISATIONS: Readonly<Record<string, LayerRule>> = { BatchNormalization };
