import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules, without } from "../op-rule.ts";
import { vector } from "../reshape.ts";

/** Past the end of any axis, and before its beginning. */
const END = 2 ** 31 - 1;
const BEFORE = -(2 ** 31);

/** One scalar of a vector that is computed when running, as a vector of one. */
const element = (call: OpCall, x: string, i: number): string =>
  call.op("Slice", [x, call.g.ints([i]), call.g.ints([i + 1])]);

const Slice: OpRule = {
  becomes: "Slice",
  lower: (call) => {
    const x = call.settled(call.input());
    const rank = x.perm.length;
    const [begin, size] = [call.elements(1), call.elements(2)];
    const dims = call.dims(x);
    for (const list of [begin, size])
      if (list && (list.length !== rank || list.some((dim) => isNumber(dim) && dim < -1)))
        call.fail(`It slices rank ${rank} by [${list.join(", ")}].`);
    const whole = (axis: number): boolean =>
      begin?.[axis] === 0 && (size?.[axis] === -1 || size?.[axis] === dims[axis]);
    const axes = identity(rank).filter((axis) => !whole(axis));
    if (axes.length === 0) return call.lowering.know(x, call.lowering.elements(x));
    const starts = axes.map((axis) => (isNumber(begin?.[axis]) ? begin[axis] : element(call, call.ints(1), axis)));
    const ends = axes.map((axis, i): number | string => {
      const [from, length] = [starts[i]!, size?.[axis]];
      if (length === -1) return END;
      if (isNumber(from) && isNumber(length)) return from + length;
      const [a, b] = [from, isNumber(length) ? length : element(call, call.ints(2), axis)].map((part) =>
        isNumber(part) ? call.g.ints([part]) : part,
      );
      return call.op("Add", [a!, b!]);
    });
    const held = call.g.ints(axes.map((axis) => x.perm.indexOf(axis)));
    const sliced = sizesOf(call, x, axes, size);
    const result = {
      ...x,
      name: call.op("Slice", [x.name, vector(call, starts), vector(call, ends), held], {}, sliced),
    };
    const [from, to] = [starts[0], ends[0]];
    if (rank !== 1 || !isNumber(from) || !isNumber(to)) return result;
    return call.lowering.know(result, call.lowering.elements(x)?.slice(from, to));
  },
};

/** The extents of a slice as they are asked for, which inference does not know where the beginning is computed. */
function sizesOf(call: OpCall, x: Held, axes: readonly number[], size: readonly Dim[] | undefined) {
  if (!size || axes.some((axis) => size[axis] === -1)) return undefined;
  const dims = call.dims(x);
  return { dtype: call.dtype(x), shape: x.perm.map((axis) => (axes.includes(axis) ? size[axis]! : dims[axis]!)) };
}

interface Range {
  readonly axis: number;
  readonly start: number | string;
  readonly end: number | string;
  readonly step: number;
  /** The axis goes away: one place of it is taken. */
  readonly shrinks: boolean;
}

/** What TensorFlow's masks make of begin, end and strides: a range for each axis, and where new axes come in. */
function readRanges(call: OpCall, x: Held): { ranges: readonly Range[]; added: readonly number[] } {
  const mask = (key: string): number => call.attributes.integer(key, 0);
  const [beginMask, endMask] = [mask("begin_mask"), mask("end_mask")];
  const [ellipsis, newAxis, shrink] = [mask("ellipsis_mask"), mask("new_axis_mask"), mask("shrink_axis_mask")];
  const rank = x.perm.length;
  const steps = call.integers(3);
  const [begin, end] = [call.elements(1), call.elements(2)];
  for (const list of [begin, end])
    if (list && list.length !== steps.length) call.fail("Its begin, end and strides differ in length.");
  const bit = (bits: number, i: number): boolean => Boolean(bits & (1 << i));
  const count = identity(steps.length).filter((i) => !bit(newAxis, i) && !bit(ellipsis, i)).length;
  if (count > rank) call.fail(`It slices ${count} axes of rank ${rank}.`);
  const ranges: Range[] = [];
  const added: number[] = [];
  let [axis, place] = [0, 0];
  for (const [i, step] of steps.entries()) {
    if (bit(ellipsis, i)) {
      axis += rank - count;
      place += rank - count;
    } else if (bit(newAxis, i)) added.push(place++);
    else {
      if (step === 0) call.fail("A stride is 0.");
      const given = (list: readonly Dim[] | undefined, input: number): number | string =>
        isNumber(list?.[i]) ? list[i] : element(call, call.ints(input), i);
      const shrinks = bit(shrink, i);
      const start = bit(beginMask, i) && !shrinks ? (step > 0 ? 0 : END) : given(begin, 1);
      const stop = shrinks ? 0 : bit(endMask, i) ? (step > 0 ? END : BEFORE) : given(end, 2);
      ranges.push({ axis, start, end: stop, step, shrinks });
      axis++;
      if (!shrinks) place++;
    }
  }
  return { ranges, added };
}

const StridedSlice: OpRule = {
  becomes: "Slice, Gather, Unsqueeze",
  notes: "strides known; TF.js's cpu backend errs where strides other than 1 meet an axis that shrinks",
  lower: (call) => {
    const x = call.settled(call.input());
    const { ranges, added } = readRanges(call, x);
    const dims = call.dims(x);
    const taken = ranges.filter(({ shrinks }) => shrinks);
    const sliced = ranges.filter(({ shrinks, start, end, step, axis }) => {
      const all = start === 0 && step === 1 && (end === END || end === dims[axis]);
      return !shrinks && !all;
    });
    let result: Held = x;
    if (sliced.length > 0) {
      const lists = [
        vector(
          call,
          sliced.map(({ start }) => start),
        ),
        vector(
          call,
          sliced.map(({ end }) => end),
        ),
        call.g.ints(sliced.map(({ axis }) => x.perm.indexOf(axis))),
        call.g.ints(sliced.map(({ step }) => step)),
      ];
      result = call.map(x, "Slice", {}, ...lists);
    }
    // From the last, so that the places of the others stay.
    for (const { axis, start } of taken.toSorted((a, b) => b.axis - a.axis)) {
      const index = isNumber(start) ? call.g.ints(start) : call.op("Squeeze", [start, call.g.ints([0])]);
      const name = call.op("Gather", [result.name, index], { axis: result.perm.indexOf(axis) });
      result = { name, perm: without(result.perm, [axis]) };
    }
    for (const place of added) result = call.unsqueeze(result, place);
    const [only] = ranges;
    return only && ranges.length === 1 ? call.lowering.know(result, elementsIn(call, x, only)) : result;
  },
};

/** What is known of a vector's elements in a range. */
function elementsIn(call: OpCall, x: Held, { start, end, step, shrinks }: Range): readonly Dim[] | undefined {
  const elements = call.lowering.named(x);
  if (!elements || x.perm.length !== 1 || !isNumber(start) || !isNumber(end)) return undefined;
  const size = elements.length;
  const from = start < 0 ? start + size : Math.min(start, step > 0 ? size : size - 1);
  if (shrinks) return elements[from] === undefined ? undefined : [elements[from]];
  const to = end === BEFORE ? -1 : end < 0 ? end + size : Math.min(end, size);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return Array.from({ length: count }, (_, i) => elements[from + i * step]!);
}

function reverse(call: OpCall, given: Held, axes: readonly number[]): Held {
  if (axes.length === 0) return given;
  const x = call.settled(given);
  const every = (value: number): string => call.g.ints(axes.map(() => value));
  const held = call.g.ints(axes.map((axis) => x.perm.indexOf(axis)));
  return call.map(x, "Slice", {}, every(-1), every(BEFORE), held, every(-1));
}

const ReverseV2: OpRule = {
  becomes: "Slice",
  lower: (call) => {
    const x = call.input();
    const axes = call.integers(1).map((axis) => call.axis(axis, x.perm.length));
    return reverse(call, x, [...new Set(axes)]);
  },
};

const Reverse: OpRule = {
  becomes: "Slice",
  lower: (call) =>
    reverse(
      call,
      call.input(),
      call.numbers(1).flatMap((flag, axis) => (flag ? [axis] : [])),
    ),
};

export const SLICE: OpRules = { Reverse, ReverseV2, Slice, StridedSlice };
