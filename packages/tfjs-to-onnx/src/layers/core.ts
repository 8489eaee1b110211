import { activate } from "../activations.ts";
import { type Held, keepsOrder } from "../layout.ts";
import { rowsInOrder } from "../lowering.ts";
import type { Call, LayerRule } from "./rule.ts";

const Dense: LayerRule = {
  carriesMask: true,
  becomes: "Gemm; MatMul, Add where the input's rank is above 2",
  lower: (call) => {
    const given = call.input();
    const rank = given.perm.length;
    if (rank < 2) call.fail(`Its input has rank ${rank}, expected 2 or more.`);
    const x = rank === 2 ? call.settle(given) : call.plain(given);
    const units = call.config.count("units");
    // A flattened image may be held in another order than TF.js's: then the kernel's rows move, not the image.
    const kernel = call.weight("kernel", [call.extent(x, -1), units], () => rowsInOrder(x.blocks));
    const bias = call.config.flag("use_bias", true) ? [call.weight("bias", [units])] : [];
    return activate(call, { name: multiply(call, x, kernel, bias), perm: x.perm });
  },
};

function multiply(call: Call, { name, perm }: Held, kernel: string, bias: readonly string[]): string {
  if (perm.length === 2) return call.op("Gemm", [name, kernel, ...bias]);
  const product = call.op("MatMul", [name, kernel]);
  return bias.length > 0 ? call.op("Add", [product, ...bias]) : product;
}

const Flatten: LayerRule = {
  becomes: "Flatten",
  lower: (call) => {
    const given = call.input();
    const rank = given.perm.length;
    if (rank < 3 || given.blocks) return call.plain(given);
    // Channels first are moved last, for the sake of which a value need only be held differently.
    const last = [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];
    const first = call.batchFirst(given);
    const x = call.config.channelAxis(rank) === 1 ? relabel(first, last) : first;
    const dims = Array.from({ length: rank - 1 }, (_, axis) => call.extent(x, axis + 1));
    const block = { dims, perm: x.perm.slice(1).map((axis) => axis - 1) };
    const name = call.op("Flatten", [x.name], { axis: 1 });
    return { name, perm: [0, 1], ...(!keepsOrder(dims, block.perm) && { blocks: [block] }) };
  },
};

/** A transposition by `perm` that moves nothing, but only changes what the axes are called. */
const relabel = (x: Held, perm: readonly number[]): Held => ({
  name: x.name,
  perm: x.perm.map((axis) => perm.indexOf(axis)),
});

const Permute: LayerRule = {
  becomes: "nothing, or the Transpose that its readers need",
  lower: (call) => {
    const dims = call.config.integers("dims");
    const given = call.input(dims.length + 1);
    const x = given.blocks ? call.plain(given) : given;
    if (!dims.every((_, i) => dims.includes(i + 1)))
      call.fail(`dims [${dims.join(", ")}] is not an order of the axes.`);
    return relabel(x, [0, ...dims]);
  },
};

const Reshape: LayerRule = {
  becomes: "Reshape",
  lower: (call) => {
    const x = call.plain(call.input());
    const raw = call.config.raw("target_shape");
    const target = Array.isArray(raw) ? raw.map((dim) => (dim === null ? -1 : dim)) : raw;
    if (!Array.isArray(target) || !target.every((dim) => Number.isSafeInteger(dim) && (dim > 0 || dim === -1)))
      return call.fail(`target_shape is ${JSON.stringify(raw)}, expected a list of positive integers and nulls.`);
    if (target.filter((dim) => dim === -1).length > 1) return call.fail("target_shape leaves more than one axis open.");
    const name = call.op("Reshape", [x.name, call.g.ints([0, ...target])]);
    return { name, perm: [0, ...target].map((_, axis) => axis) };
  },
};

const RepeatVector: LayerRule = {
  becomes: "Unsqueeze, Expand",
  lower: (call) => {
    const x = call.plain(call.input(2));
    const rows = call.op("Unsqueeze", [x.name, call.g.ints([1])]);
    return { name: call.op("Expand", [rows, call.g.ints([1, call.config.count("n"), 1])]), perm: [0, 1, 2] };
  },
};

const Activation: LayerRule = {
  becomes: "see the activations",
  carriesMask: true,
  lower: (call) => activate(call, call.input()),
};

/** Random in training, nothing in serving. */
const Dropout: LayerRule = {
  carriesMask: true,
  becomes: "nothing; Dropout in a training graph",
  notes: "noise_shape is not supported in a training graph",
  lower: (call) => {
    const x = call.input();
    const rate = call.config.number("rate");
    if (!call.training || rate <= 0) return x;
    if (call.config.raw("noise_shape") !== undefined)
      call.config.unsupported("noise_shape", "A training graph drops single elements only; leave noiseShape out.");
    if (rate >= 1) return x; // TF.js does not drop everything, but nothing.
    const ratio = call.g.initializer(call.g.unique(`${call.layer.name}/ratio`), {
      dtype: "float32",
      shape: [],
      data: Float32Array.of(rate),
    });
    return { ...x, name: call.op("Dropout", [x.name, ratio, trainingMode(call)]) };
  },
};

function trainingMode({ g }: Call): string {
  const name = "training_mode";
  return g.constant(name) ? name : g.initializer(name, { dtype: "bool", shape: [], data: Uint8Array.of(1) });
}

/** Other noise that serving leaves out and a training graph cannot draw. */
const noise: LayerRule = {
  carriesMask: true,
  becomes: "nothing",
  notes: "not in a training graph",
  lower: (call) =>
    call.training ? call.fail("A training graph cannot draw this noise; use Dropout instead.") : call.input(),
};

const Rescaling: LayerRule = {
  becomes: "Mul, Add",
  lower: (call) => {
    const x = call.input();
    const [scale, offset] = [call.config.number("scale"), call.config.number("offset", 0)];
    const scaled = scale === 1 ? x.name : call.op("Mul", [x.name, call.g.floats(scale)]);
    return { ...x, name: offset === 0 ? scaled : call.op("Add", [scaled, call.g.floats(offset)]) };
  },
};

export const CORE: Readonly<Record<string, LayerRule>> = {
  Activation,
  AlphaDropout: noise,
  Dense,
  Dropout,
  Flatten,
  GaussianDropout: noise,
  GaussianNoise: noise,
  Permute,
  RepeatVector,
  Rescaling,
  Reshape,
  SpatialDropout1D: noise,
  SpatialDropout2D: noise,
  SpatialDropout3D: noise,
};
