import { float32 } from "@glyphcast/onnx";
import type { Held } from "../layout.ts";
import { rowsInOrder } from "../lowering.ts";
import type { Relayout } from "../origin.ts";
import type { Call, LayerRule } from "./rule.ts";

const BatchNormalization: LayerRule = {
  carriesMask: true,
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
      if (call.g.opset < 14) call.fail("A training graph of batch normalisation needs opset 14.");
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
    float32([size], new Float32Array(call.sizeOf([size])).fill(value)),
  );

const LayerNormalization: LayerRule = {
  carriesMask: true,
  becomes: "LayerNormalization; before opset 17, or over axes that are not held last, its parts",
  lower: (call) => {
    const { config } = call;
    const given = call.settle(call.input());
    const rank = given.perm.length;
    const axes = config.axes("axis", rank, -1);
    const x = given.blocks && axes.length < rank - 1 ? call.plain(given) : given;
    const places = x.perm.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
    const epsilon = config.number("epsilon", 1e-3);
    const shape = axes.map((axis) => call.extent(x, axis));
    const heldOrder = places.map((place) => axes.indexOf(x.perm[place]!));
    const last = places[0] === rank - places.length;
    const fused = last && call.g.opset >= 17;
    const target = x.perm.map((axis) => (axes.includes(axis) ? call.extent(x, axis) : 1));
    const steps = (): readonly Relayout[] => [
      { kind: "transpose", perm: heldOrder },
      ...(axes.length === 1 ? rowsInOrder(x.blocks) : []),
      ...(last ? [] : [{ kind: "reshape", shape: target } as const]),
    ];
    const weightOf = (key: string, flag: string): string | undefined =>
      config.flag(flag, true) ? call.weight(key, shape, steps) : undefined;
    const [gamma, beta] = [weightOf("gamma", "scale"), weightOf("beta", "center")];
    if (!fused) return { ...x, name: normalised(call, x.name, places, epsilon, gamma, beta) };
    const size = heldOrder.map((i) => shape[i]!);
    const ones = (): string => call.constant("no_gamma", float32(size, new Float32Array(call.sizeOf(size)).fill(1)));
    const inputs = [x.name, gamma ?? ones(), ...(beta === undefined ? [] : [beta])];
    return { ...x, name: call.op("LayerNormalization", inputs, { axis: places[0]!, epsilon }) };
  },
};

// γ·(x − μ)/√(σ² + ε) + β
function normalised(
  call: Call,
  x: string,
  places: readonly number[],
  epsilon: number,
  gamma: string | undefined,
  beta: string | undefined,
): string {
  const centred = call.op("Sub", [x, call.reduce("ReduceMean", x, places, true)]);
  const variance = call.reduce("ReduceMean", call.op("Mul", [centred, centred]), places, true);
  const deviation = call.op("Sqrt", [call.op("Add", [variance, call.g.floats(epsilon)])]);
  const unit = call.op("Div", [centred, deviation]);
  const scaled = gamma === undefined ? unit : call.op("Mul", [unit, gamma]);
  return beta === undefined ? scaled : call.op("Add", [scaled, beta]);
}

/** Keras's: by statistics of the data, found before training. */
const Normalization: LayerRule = {
  becomes: "Sub, Div; Mul, Add with invert",
  notes: "of Keras",
  lower: (call) => {
    const { config } = call;
    const x = call.plain(call.input());
    const rank = x.perm.length;
    const axes = config.isNull("axis") ? [] : config.axes("axis", rank, -1);
    const shape = axes.map((axis) => call.extent(x, axis));
    const target = axes.length === 0 ? [] : x.perm.map((axis) => (axes.includes(axis) ? call.extent(x, axis) : 1));
    const statistic = (key: string): Float32Array => {
      if (config.raw(key) !== undefined) return spread(call, key, call.sizeOf(shape));
      return call.g.constant(call.weight(key, shape))!.data as Float32Array;
    };
    const mean = call.constant("mean", float32(target, statistic("mean")));
    // √σ², or Keras's ε where that is less
    const deviations = statistic("variance").map((variance) => Math.max(Math.sqrt(variance), 1e-7));
    const deviation = call.constant("deviation", float32(target, deviations));
    const name = config.flag("invert", false)
      ? call.op("Add", [call.op("Mul", [x.name, deviation]), mean])
      : call.op("Div", [call.op("Sub", [x.name, mean]), deviation]);
    return { ...x, name };
  },
};

/** The numbers that the configuration gives: one for each element, or one for all. */
function spread(call: Call, key: string, size: number): Float32Array {
  const values: readonly unknown[] = [call.config.raw(key)].flat(8);
  if (!values.every((value) => typeof value === "number") || (values.length !== 1 && values.length !== size))
    return call.fail(`${key} is not a number or a list of ${size} numbers.`);
  return Float32Array.from({ length: size }, (_, i) => (values.length === 1 ? values[0] : values[i]) as number);
}

export const NORMALISATIONS: Readonly<Record<string, LayerRule>> = {
  BatchNormalization,
  LayerNormalization,
  Normalization,
};
