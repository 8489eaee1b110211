import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { vector } from "../reshape.ts";

// ONNX has no complex numbers either, but an operator that reads and writes them as pairs along a last axis of its own,
// [..., 2]. Such values are listed in `lowering.complex`; only the ops below, and those that pass values on, take them.

function pairs(call: OpCall, name: string, rank: number): Held {
  call.lowering.complex.add(name);
  return { name, perm: identity(rank) };
}

function complexInput(call: OpCall): Held {
  const x = call.input();
  return call.lowering.complex.has(x.name) ? x : call.fail("It reads complex numbers, and is given real ones.");
}

/** One half of each pair. */
const half = (place: 0 | 1): OpRule => ({
  becomes: "Gather",
  complex: true,
  lower: (call) => {
    const x = complexInput(call);
    return { ...x, name: call.op("Gather", [x.name, call.g.ints(place)], { axis: x.perm.length }) };
  },
});

const Complex: OpRule = {
  becomes: "Unsqueeze, Concat",
  lower: (call) => {
    const inputs = [call.plain(call.float(0)), call.plain(call.float(1))];
    const rank = inputs[0]!.perm.length;
    if (inputs[1]!.perm.length !== rank) call.fail("Its real and imaginary parts differ in rank.");
    const columns = inputs.map(({ name }) => call.op("Unsqueeze", [name, call.g.ints([rank])]));
    return pairs(call, call.op("Concat", columns, { axis: rank }), rank);
  },
};

/** √(re² + im²); of real numbers, their size. */
export const magnitude = (call: OpCall, x: Held): Held => ({
  ...x,
  name: call.reduce("ReduceL2", x.name, [x.perm.length]),
});

const ComplexAbs: OpRule = {
  becomes: "ReduceL2",
  complex: true,
  lower: (call) => magnitude(call, complexInput(call)),
};

interface Transform {
  readonly inverse?: boolean;
  /** Of real numbers, the half of the result that says it all. */
  readonly onesided?: boolean;
}

/** Over the last axis of [..., n, 1 or 2], as a batch of signals. `dims` are the signal's, without the pairs' axis. */
function transform(call: OpCall, signal: string, dims: readonly Dim[], { inverse, onesided }: Transform): string {
  call.needs(17);
  const size = dims.at(-1);
  if (!isNumber(size) || size < 1) return call.fail(`Its last axis of [${dims.join(", ")}] has to be known.`);
  const width = onesided ? Math.floor(size / 2) + 1 : size;
  const depth = call.g.dims(signal).at(-1)!;
  const rows = dims.length === 2 ? dims[0]! : `${call.node.name}_rows`;
  const three = { dtype: "float32", shape: [rows, size, depth] } as const;
  const flat =
    dims.length === 2 ? signal : call.op("Reshape", [signal, call.g.ints([-1, size, Number(depth)])], {}, three);
  const attributes = { ...(inverse && { inverse: 1 }), ...(onesided && { onesided: 1 }) };
  const type = { dtype: "float32", shape: [rows, width, 2] } as const;
  const found =
    call.g.opset >= 20
      ? call.op("DFT", [flat, "", call.g.ints(1)], attributes, type)
      : call.op("DFT", [flat], { ...attributes, axis: 1 }, type);
  if (dims.length === 2) return found;
  const outer = dims.slice(0, -1).map((dim, axis) => (isNumber(dim) ? dim : call.extents(signal, axis, axis + 1)));
  const whole = { dtype: "float32", shape: [...dims.slice(0, -1), width, 2] } as const;
  return call.op("Reshape", [found, vector(call, [...outer, width, 2])], {}, whole);
}

const fft = (inverse: boolean): OpRule => ({
  becomes: "DFT",
  notes: "opset 17 and above; the last axis known",
  complex: true,
  lower: (call) => {
    const x = complexInput(call);
    return pairs(call, transform(call, x.name, call.dims(x), { inverse }), x.perm.length);
  },
});

const RFFT: OpRule = {
  becomes: "DFT",
  notes: "opset 17 and above; the last axis known; fft_length is ignored, as in TF.js",
  lower: (call) => {
    const x = call.plain(call.float(0));
    const column = call.op("Unsqueeze", [x.name, call.g.ints([x.perm.length])]);
    return pairs(call, transform(call, column, call.dims(x), { onesided: true }), x.perm.length);
  },
};

/** The other half of the spectrum is the first one's conjugate, backwards. */
const IRFFT: OpRule = {
  becomes: "Slice, Mul, Concat, DFT, Gather",
  notes: "rank 2 or 3, the last axis known; fft_length is ignored, as in TF.js",
  complex: true,
  lower: (call) => {
    const x = complexInput(call);
    const rank = x.perm.length;
    if (rank !== 2 && rank !== 3) return call.fail("TF.js gives its result another shape than the rank's.");
    const size = call.extent(x, -1);
    const axis = call.g.ints([rank - 1]);
    const ends = [call.g.ints([size - 2]), call.g.ints([0]), axis, call.g.ints([-1])];
    const backwards = size > 2 ? [call.op("Slice", [x.name, ...ends])] : [];
    const conjugate = backwards.map((part) => call.op("Mul", [part, call.g.floats([1, -1])]));
    const whole = conjugate.length > 0 ? call.op("Concat", [x.name, ...conjugate], { axis: rank - 1 }) : x.name;
    const dims = call.dims(x).with(-1, size > 2 ? 2 * (size - 1) : size);
    const signal = transform(call, whole, dims, { inverse: true });
    return { ...x, name: call.op("Gather", [signal, call.g.ints(0)], { axis: rank }) };
  },
};

export const SPECTRAL: OpRules = {
  Complex,
  ComplexAbs,
  FFT: fft(false),
  IFFT: fft(true),
  IRFFT,
  Imag: half(1),
  RFFT,
  Real: half(0),
};
