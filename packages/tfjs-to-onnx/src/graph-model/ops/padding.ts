import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";

/** What is added, or taken away, before and after each axis. */
type Pairs = readonly (readonly [number, number])[];

/** [[before, after], …], one pair for each of TF.js's axes. */
export function pairsOf(call: OpCall, place: number, count: number): Pairs {
  const numbers = call.numbers(place);
  if (numbers.length !== 2 * count || numbers.some((amount) => !Number.isInteger(amount) || amount < 0))
    return call.fail(`Its amounts are [${numbers.join(", ")}], expected ${count} pairs of integers from 0.`);
  return identity(count).map((axis) => [numbers[2 * axis]!, numbers[2 * axis + 1]!] as const);
}

function pad(call: OpCall, given: Held, filling: readonly string[]): Held {
  const rank = given.perm.length;
  if (!call.known(1)) return padComputed(call, call.plain(given), filling);
  const pairs = pairsOf(call, 1, rank);
  if (pairs.every(([begin, end]) => begin === 0 && end === 0)) return given;
  const sides = pairs.every(([begin, end], axis) => axis === 1 || axis === 2 || (begin === 0 && end === 0));
  // A convolution mostly follows, and can take the padding in where both hold the image alike.
  const x = rank === 4 && sides ? call.channelsSecond(given, 3) : call.settled(given);
  const pads = [0, 1].flatMap((end) => x.perm.map((axis) => pairs[axis]![end]!));
  return call.map(x, "Pad", {}, call.g.ints(pads), ...filling);
}

/** By amounts that are computed: all that comes before the axes, then all that comes after. */
function padComputed(call: OpCall, x: Held, filling: readonly string[]): Held {
  const amounts = call.op("Transpose", [call.ints(1)], { perm: [1, 0] });
  const pads = call.op("Reshape", [amounts, call.g.ints([-1])]);
  const known = call.elements(1);
  const shape = call.dims(x).map((dim, axis): Dim => {
    const [begin, end] = [known?.[2 * axis], known?.[2 * axis + 1]];
    if (!isNumber(begin) || !isNumber(end)) return `${call.node.name}_dim${axis}`;
    if (isNumber(dim)) return dim + begin + end;
    return begin + end === 0 ? dim : `${call.node.name}_dim${axis}`;
  });
  return { ...x, name: call.op("Pad", [x.name, pads, ...filling], {}, { dtype: call.dtype(x), shape }) };
}

const Pad: OpRule = {
  becomes: "Pad, or the padding of the Conv or pool after it",
  lower: (call) => {
    const x = call.promoted([call.input()], "int32")[0]!;
    const value = call.attributes.number("constant_value", 0);
    return pad(call, x, value === 0 ? [] : [call.scalar(value, call.dtype(x))]);
  },
};

const PadV2: OpRule = {
  becomes: "Pad",
  lower: (call) => {
    const x = call.promoted([call.input()], "int32")[0]!;
    const value = call.known(2)?.[0];
    if (value === 0) return pad(call, x, []);
    const filling =
      value === undefined
        ? call.cast(call.plain(call.input(2)), call.dtype(x)).name
        : call.scalar(value, call.dtype(x));
    return pad(call, x, [filling]);
  },
};

/** A slice along one axis of a plain value. */
function part(call: OpCall, x: Held, axis: number, from: number, to: number, step = 1): string {
  return call.op("Slice", [x.name, ...[[from], [to], [axis], [step]].map((list) => call.g.ints(list))]);
}

const MirrorPad: OpRule = {
  becomes: "Pad; Slice, Concat where symmetric",
  lower: (call) => {
    const given = call.promoted([call.input()], "float32")[0]!;
    const pairs = pairsOf(call, 1, given.perm.length);
    const mode = call.attributes.text("mode", "reflect");
    const offset = mode === "symmetric" ? 0 : 1;
    for (const [axis, dim] of call.dims(given).entries())
      if (isNumber(dim) && pairs[axis]!.some((amount) => amount > dim - offset))
        call.fail(`Axis ${axis} of extent ${dim} is too short to be mirrored ${pairs[axis]!.join(" and ")} wide.`);
    if (mode === "reflect") {
      const x = call.settled(given);
      const pads = [0, 1].flatMap((end) => x.perm.map((axis) => pairs[axis]![end]!));
      return call.map(x, "Pad", { mode: "reflect" }, call.g.ints(pads));
    }
    if (mode !== "symmetric") return call.fail(`mode is "${mode}", expected REFLECT or SYMMETRIC.`);
    let x = call.plain(given);
    for (const [axis, [begin, end]] of pairs.entries()) {
      const before = begin > 0 ? [part(call, x, axis, begin - 1, -(2 ** 31), -1)] : [];
      const after = end > 0 ? [part(call, x, axis, -1, -1 - end, -1)] : [];
      const parts = [...before, x.name, ...after];
      if (parts.length > 1) x = { ...x, name: call.op("Concat", parts, { axis }) };
    }
    return x;
  },
};

export const PADDING: OpRules = { MirrorPad, Pad, PadV2 };
