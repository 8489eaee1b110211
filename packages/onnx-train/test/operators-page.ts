// docs/onnx-train-operators.md, from the table of rules and from what they are tested with.
import fixture from "../fixtures/gradients.json" with { type: "json" };
import type { DifferentiableOp } from "../src/gradients/table.ts";
import { OP_CASES } from "./op-cases/all.ts";

export interface Entry {
  /** Inputs that have a gradient, by their names in ONNX's specification. */
  readonly gradients: readonly string[];
  readonly notes?: string;
}

const entry = (gradients: string, notes?: string): Entry => ({
  gradients: gradients.split(" "),
  ...(notes !== undefined && { notes }),
});

const [X, AB, DATA, INPUT] = [entry("X"), entry("A B"), entry("data"), entry("input")];
const FLAT_AT_ZERO = "0 at 0";
const AXES = "axes constant";
const RECURRENT =
  "forward, reverse, bidirectional; layout 0 and 1; initial states; `sequence_lens` constant; every activation of ONNX but ThresholdedRelu; unrolled, so the length is fixed. Refused: clip";

const FAMILIES = {
  elementwise: {
    Abs: entry("X", FLAT_AT_ZERO),
    Add: AB,
    Cast: entry("input", "between floats; to or from integers the gradient ends"),
    Celu: X,
    Clip: entry("input min max", "a bound that was hit gets the gradient; on the bound the input does"),
    Cos: INPUT,
    Div: AB,
    Elu: X,
    Erf: INPUT,
    Exp: INPUT,
    Gelu: entry("X", "both approximations"),
    HardSigmoid: X,
    HardSwish: X,
    Identity: INPUT,
    LeakyRelu: X,
    Log: INPUT,
    Max: entry("data_0…", "shared evenly among equals"),
    Mean: entry("data_0…"),
    Min: entry("data_0…", "shared evenly among equals"),
    Mish: X,
    Mul: AB,
    Neg: X,
    PRelu: entry("X slope"),
    Pow: entry("X Y", "no gradient for an integer exponent; that of the exponent is 0 where the base is 0"),
    Reciprocal: X,
    Relu: entry("X", FLAT_AT_ZERO),
    Selu: X,
    Sigmoid: X,
    Sin: INPUT,
    Softplus: X,
    Softsign: INPUT,
    Sqrt: X,
    Sub: AB,
    Sum: entry("data_0…"),
    Tanh: INPUT,
    ThresholdedRelu: X,
    Where: entry("X Y"),
  },
  linear: {
    Einsum: entry("Inputs…", "any number of operands, ellipses, repeated letters"),
    Gemm: entry("A B C", "all transpositions, alpha, beta"),
    MatMul: entry("A B", "batched, broadcast, vectors"),
  },
  convolution: {
    Conv: entry("X W B", "1-D to 3-D, any stride, dilation, padding and group; auto_pad SAME not with dilations"),
    ConvTranspose: entry("X W B", "1-D to 3-D, stride, dilation, group, any padding, output_padding, output_shape"),
  },
  pooling: {
    AveragePool: entry("X", "count_include_pad both ways, ceil_mode"),
    GlobalAveragePool: X,
    GlobalMaxPool: entry("X", "to the first of equals"),
    MaxPool: entry("X", "to the first of equals; none through Indices"),
  },
  normalisation: {
    BatchNormalization: entry(
      "X scale B",
      "by the batch's statistics (training_mode 1; running ones are carried on) or frozen",
    ),
    Dropout: entry("data", "the mask is an input of the step; with training_mode absent or false it does nothing"),
    GroupNormalization: entry("X scale bias", "of opset 18 and of 21"),
    InstanceNormalization: entry(
      "input scale B",
      "opset 17 composes GroupNormalization of this, and is trained so too",
    ),
    LRN: X,
    LayerNormalization: entry("X Scale B", "Mean and InvStdDev may be trained through as well"),
  },
  reductions: {
    CumSum: entry("x", "exclusive, reverse"),
    LogSoftmax: INPUT,
    ReduceL1: entry("data", `${AXES}; ${FLAT_AT_ZERO}`),
    ReduceL2: entry("data", `${AXES}; ${FLAT_AT_ZERO}`),
    ReduceLogSum: entry("data", AXES),
    ReduceLogSumExp: entry("data", AXES),
    ReduceMax: entry("data", `${AXES}; shared evenly among equals`),
    ReduceMean: entry("data", AXES),
    ReduceMin: entry("data", `${AXES}; shared evenly among equals`),
    ReduceProd: entry("data", `${AXES}; exact beside zeros`),
    ReduceSum: entry("data", AXES),
    ReduceSumSquare: entry("data", AXES),
    Softmax: INPUT,
  },
  "shape and index": {
    Concat: entry("inputs…"),
    DepthToSpace: entry("input", "DCR and CRD"),
    Expand: INPUT,
    Flatten: INPUT,
    Gather: entry("data", "a row that is read twice gets the sum"),
    GatherElements: DATA,
    GatherND: entry("data", "batch_dims"),
    Pad: entry("data constant_value", "pads constant; constant, reflect, edge, wrap; negative pads with constant only"),
    Reshape: DATA,
    Resize: entry(
      "X",
      "nearest, linear, cubic, every coordinate mode, antialias; keep_aspect_ratio_policy stretch only",
    ),
    ScatterElements: entry("data updates", "reduction none and add"),
    ScatterND: entry("data updates", "reduction none and add"),
    Slice: entry("data", "starts, axes, steps constant"),
    SpaceToDepth: INPUT,
    Split: INPUT,
    Squeeze: DATA,
    Tile: entry("input", "repeats constant"),
    TopK: entry("X", "through the values"),
    Transpose: DATA,
    Trilu: INPUT,
    Unsqueeze: DATA,
  },
  recurrent: {
    GRU: entry("X W R B initial_h", `linear_before_reset 0 and 1; ${RECURRENT}`),
    LSTM: entry("X W R B initial_h initial_c", `${RECURRENT}, peepholes, input_forget`),
    RNN: entry("X W R B initial_h", RECURRENT),
  },
};

/** What there is to say of each rule; a rule without an entry does not compile. */
export const ENTRIES: { readonly [Op in DifferentiableOp]: Entry } = {
  ...FAMILIES.elementwise,
  ...FAMILIES.linear,
  ...FAMILIES.convolution,
  ...FAMILIES.pooling,
  ...FAMILIES.normalisation,
  ...FAMILIES.reductions,
  ...FAMILIES["shape and index"],
  ...FAMILIES.recurrent,
};

const HEAD = `# Operators that onnx-train trains through

Made by \`scripts/make-docs.mjs\` from the table of rules and their tests; change those, not this page.

Every rule is checked in two ways. _Differences_: against central differences of the operator as onnxruntime computes it,
over nodes drawn at random: the distance from the middle to either side, and the tolerance (relative and absolute); the
reasons are in \`packages/onnx-train/test/op-cases/op-cases.ts\`. _PyTorch_: output and gradients against stored values of
PyTorch ${fixture.versions.torch} in double precision, to 1e-5: the number of nodes.

All rules broadcast as numpy does, and all shapes are static when the step is built. What is called constant has to be an
initializer or a Constant. An operator that is not listed runs forward unchanged, and is refused by its name where a
gradient would have to pass through it.
`;

const TITLES = ["operator", "gradients for", "differences", "PyTorch", "notes"];

/** The page as it should be. */
export function operatorsPage(): string {
  const sections = Object.entries(FAMILIES).map(([family, entries]) => {
    const rows = Object.entries(entries).map(([op, entry]) => rowOf(op as DifferentiableOp, entry));
    return `## ${family[0]!.toUpperCase()}${family.slice(1)}\n\n${table([TITLES, ...rows])}`;
  });
  return `${HEAD}\n${sections.join("\n\n")}\n`;
}

function rowOf(op: DifferentiableOp, { gradients, notes = "" }: Entry): readonly string[] {
  const { step, rtol } = OP_CASES[op].precision;
  const stored = fixture.cases.filter((one) => one.op === op).length;
  return [op, gradients.join(", "), `±${step}, ${rtol.toExponential()}`, String(stored), notes];
}

/** Markdown, its columns padded as the formatter does. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}
