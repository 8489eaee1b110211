import { type Dim, type Model, sizeOf, type Tensor, tensor, type ValueInfo } from "@glyphcast/onnx";
import { FLOATS, floatsOf } from "../compare/floats.ts";
import { UsageError } from "../errors.ts";
import type { Feeds, Opened, Port } from "../target/protocol.ts";

/** How a TF.js model and the .onnx that was converted from it are asked the same thing. */
export interface Contract {
  /** What TF.js is to be given, for what the .onnx is given. */
  feedsOf(feeds: Feeds): Feeds;
  /** What TF.js answers, as the .onnx would: its names, types and layouts. */
  answersOf(outputs: Feeds): Feeds;
  /** Outputs of the .onnx that say what TF.js does not. */
  readonly lacks: ReadonlySet<string>;
}

/**
 * Matches inputs and outputs by their names where all are the same, otherwise by their order. What else the converter
 * may have changed is read from the .onnx: bytes for floats (its metadata `uint8_scale` and `uint8_offset`, without them
 * 1/255 and 0), channels first, and `logits`, `probabilities` and `confidence` for a classifier's only output.
 *
 * @throws UsageError when the two have not as many inputs or outputs.
 */
export function contractOf({ graph, metadata }: Model, tfjs: Opened): Contract {
  const inputs = pairs("inputs", graph.inputs, tfjs.inputs);
  const classes = isClassifier(graph.outputs, tfjs.outputs);
  const outputs = classes ? [] : pairs("outputs", graph.outputs, tfjs.outputs);
  const scale = Number(metadata.uint8_scale ?? 1 / 255);
  const offset = Number(metadata.uint8_offset ?? 0);
  const temperature = Number(metadata.temperature ?? 1);
  // The first answer shows whether TF.js's classifier ends in a softmax.
  let lacks: ReadonlySet<string> = new Set(classes ? ["logits", "confidence"] : []);
  return {
    feedsOf: (feeds) =>
      Object.fromEntries(
        inputs.map(([own, theirs]) => {
          const given = feeds[own.name]!;
          const bytes = given.dtype === "uint8" && theirs.dtype === "float32";
          const values = bytes
            ? tensor(
                "float32",
                given.shape,
                Float32Array.from(given.data, (byte) => byte * scale + offset),
              )
            : given;
          return [theirs.name, inLayout(asType(values, theirs.dtype), theirs.shape)];
        }),
      ),
    answersOf(found) {
      if (!classes)
        return Object.fromEntries(
          outputs.map(([own, theirs]) => [own.name, inLayout(asType(found[theirs.name]!, own.dtype), own.shape)]),
        );
      const [answer] = Object.values(found);
      const ended = isDistribution(answer!);
      const name = ended ? "probabilities" : "logits";
      lacks = new Set(graph.outputs.map((output) => output.name).filter((each) => each !== name));
      return { [name]: ended ? cooled(answer!, temperature) : answer! };
    },
    get lacks() {
      return lacks;
    },
  };
}

function pairs(
  what: string,
  ours: readonly ValueInfo[],
  theirs: readonly Port[],
): readonly (readonly [ValueInfo, Port])[] {
  const names = (ports: readonly { readonly name: string }[]): string => ports.map(({ name }) => name).join(", ");
  if (ours.length !== theirs.length)
    throw new UsageError(
      `The .onnx has the ${what} ${names(ours)}, the TF.js model ${names(theirs)}: is it the one it was converted from?`,
    );
  const byName = ours.every(({ name }) => theirs.some((port) => port.name === name));
  return ours.map((own, i) => [own, (byName && theirs.find(({ name }) => name === own.name)) || theirs[i]!]);
}

const isClassifier = (ours: readonly ValueInfo[], theirs: readonly Port[]): boolean =>
  theirs.length === 1 &&
  ["logits", "probabilities", "confidence"].every((name) => ours.some((output) => output.name === name));

/** Whether every row sums up to one. */
export function isDistribution({ shape, data }: Tensor): boolean {
  const width = shape.at(-1) ?? 1;
  const values = data as Float32Array;
  if (values.length === 0) return false;
  for (let row = 0; row < values.length; row += width) {
    let sum = 0;
    for (let i = row; i < row + width; i++) {
      if (!(values[i]! >= 0)) return false;
      sum += values[i]!;
    }
    // float32 sums of thousands of classes.
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

/** Probabilities at another temperature: softmax(log p / T), which is pᵀ⁻¹ as a part of the row's sum. */
function cooled({ shape, data }: Tensor, temperature: number): Tensor {
  if (temperature === 1) return tensor("float32", shape, data as Float32Array);
  const width = shape.at(-1) ?? 1;
  const powers = Float32Array.from(data as Float32Array, (p) => p ** (1 / temperature));
  const sums = Float64Array.from({ length: powers.length / width }, (_, row) =>
    powers.subarray(row * width, (row + 1) * width).reduce((sum, power) => sum + power, 0),
  );
  return tensor(
    "float32",
    shape,
    powers.map((power, i) => power / sums[Math.floor(i / width)]!),
  );
}

/** TF.js has float32, int32 and bool, and no other numbers. */
function asType(given: Tensor, dtype: string | undefined): Tensor {
  if (dtype === undefined || given.dtype === dtype || given.dtype === "string") return given;
  const { shape } = given;
  const values = FLOATS.has(given.dtype) ? floatsOf(given) : (given.data as ArrayLike<number | bigint>);
  if (dtype === "float32") return tensor("float32", shape, Float32Array.from(values as ArrayLike<number>, Number));
  if (dtype === "int32") return tensor("int32", shape, Int32Array.from(values as ArrayLike<number>, Number));
  if (dtype === "int64") return tensor("int64", shape, BigInt64Array.from(values as ArrayLike<number>, BigInt));
  if (dtype === "bool") return tensor("bool", shape, Uint8Array.from(values as ArrayLike<number>, Number));
  return given;
}

const NHWC_OF_NCHW = [0, 2, 3, 1];
const NCHW_OF_NHWC = [0, 3, 1, 2];

/** A tensor as the other side declares it: with an axis of one channel, or with its channels in the other place. */
function inLayout(given: Tensor, shape: readonly (Dim | null)[] | undefined): Tensor {
  if (!shape || fits(given.shape, shape)) return given;
  if (shape.length === given.shape.length + 1) {
    const axis = shape.at(-1) === 1 ? shape.length - 1 : shape.indexOf(1);
    const widened = given.shape.toSpliced(axis, 0, 1);
    if (axis >= 0 && fits(widened, shape)) return { ...given, shape: widened } as Tensor;
  }
  for (const axes of given.shape.length === 4 ? [NHWC_OF_NCHW, NCHW_OF_NHWC] : []) {
    const moved = axes.map((axis) => given.shape[axis]!);
    if (fits(moved, shape)) return transposed(given, axes);
  }
  // Whoever gets it says what does not fit.
  return given;
}

const fits = (dims: readonly number[], shape: readonly (Dim | null)[]): boolean =>
  dims.length === shape.length && shape.every((dim, axis) => typeof dim !== "number" || dim < 0 || dim === dims[axis]);

function transposed(given: Tensor, axes: readonly number[]): Tensor {
  const strides = given.shape.map((_, axis) => sizeOf(given.shape.slice(axis + 1)));
  const shape = axes.map((axis) => given.shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const source = given.data as Float32Array;
  const data = source.slice();
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = source[index.reduce((at, place, axis) => at + place * steps[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return { ...given, shape, data } as Tensor;
}
