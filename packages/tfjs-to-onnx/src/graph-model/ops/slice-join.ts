import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules, without } from "../op-rule.ts";
import { vector } from "../reshape.ts";

/** Past the end of any axis, and before its beginning. */
const END = 2 ** 31 - 1;
const BEFORE = -(2 ** 31);

const settled = (call: OpCall, x: Held): Held => (x.blocks ? call.plain(x) : x);

/** Features keep the order in which they are held, each input's after the other's. */
function concatFeatures(call: OpCall, inputs: readonly Held[]): Held {
  const names = inputs.map(({ name }) => name);
  const blocks = inputs.flatMap((x) => x.blocks ?? [{ dims: [call.extent(x, 1)], perm: [0] }]);
  return { name: call.op("Concat", names, { axis: 1 }), perm: [0, 1], blocks };
}

function concat(call: OpCall, given: readonly Held[], place: number): Held {
  const inputs = call.promoted(given);
  const rank = inputs[0]?.perm.length ?? 0;
  if (inputs.length === 0 || inputs.some(({ perm }) => perm.length !== rank)) call.fail("Its inputs differ in rank.");
  const axis = call.axis(place, rank);
  if (inputs.length === 1) return inputs[0]!;
  const plain = inputs.every(({ perm }) => perm.every((held, i) => held === i));
  if (rank === 2 && axis === 1 && plain && inputs.some(({ blocks }) => blocks)) return concatFeatures(call, inputs);
  const lists = inputs.map((x) => (rank === 1 ? call.lowering.named(x) : undefined));
  const { perm } = call.align(inputs.map((x) => settled(call, x))).as;
  const names = inputs.map((x) => call.arrange(x, perm).name);
  const result = { name: call.op("Concat", names, { axis: perm.indexOf(axis) }), perm };
  return lists.every((list) => list !== undefined) ? call.lowering.know(result, lists.flat()) : result;
}

const ConcatV2: OpRule = {
  becomes: "Concat",
  lower: (call) => concat(call, call.inputs.slice(0, -1), call.number(call.inputs.length - 1)),
};

const Concat: OpRule = { becomes: "Concat", lower: (call) => concat(call, call.inputs.slice(1), call.number(0)) };

const Pack: OpRule = {
  becomes: "Unsqueeze, Concat",
  lower: (call) => {
    const inputs = call.promoted(call.inputs);
    const [first] = inputs;
    if (!first) return call.fail("It packs nothing.");
    const rank = first.perm.length;
    if (inputs.some(({ perm }) => perm.length !== rank)) call.fail("Its inputs differ in rank.");
    const axis = call.axis(call.attributes.integer("axis", 0), rank + 1);
    const lists = inputs.map((x) => (rank <= 1 ? call.lowering.named(x) : call.lowering.elements(x)));
    const { perm } = call.align(inputs.map((x) => settled(call, x))).as;
    const rows = inputs.map((x) => call.unsqueeze(call.arrange(x, perm), axis));
    const layout = rows[0]!.perm;
    const name =
      rows.length === 1
        ? rows[0]!.name
        : call.op(
            "Concat",
            rows.map((x) => x.name),
            { axis: layout.indexOf(axis) },
          );
    const held = { name, perm: layout };
    return axis === 0 && lists.every((list) => list !== undefined) ? call.lowering.know(held, lists.flat()) : held;
  },
};

/** Parts of a value along one axis. */
function split(call: OpCall, x: Held, axis: number, sizes: readonly number[]): readonly Held[] {
  if (sizes.length === 1) return [x];
  const inputs = [x.name, call.g.ints(sizes)];
  const names = call.ops("Split", inputs, { axis: x.perm.indexOf(axis) }, sizes.length);
  const elements = x.perm.length === 1 ? call.lowering.elements(x) : undefined;
  let at = 0;
  return names.map((name, i) => {
    const part = elements?.slice(at, at + sizes[i]!);
    at += sizes[i]!;
    return call.lowering.know({ name, perm: x.perm }, part);
  });
}

const Unpack: OpRule = {
  becomes: "Split, Squeeze",
  outputs: ["output"],
  lower: (call) => {
    const x = settled(call, call.input());
    const axis = call.axis(call.attributes.integer("axis", 0), x.perm.length);
    const sizes = Array.from({ length: call.extent(x, axis) }, () => 1);
    if (sizes.length > 4096) call.fail(`It makes ${sizes.length} tensors of one.`);
    return split(call, x, axis, sizes).map((part) =>
      call.lowering.know(call.squeeze(part, [axis]), call.lowering.elements(part)),
    );
  },
};

const Split: OpRule = {
  becomes: "Split",
  outputs: ["output"],
  lower: (call) => {
    const x = settled(call, call.input(1));
    const axis = call.axis(call.number(0), x.perm.length);
    const count = call.attributes.integer("num_split", 1);
    const extent = call.dims(x)[axis]!;
    if (count < 1 || count > 4096 || (isNumber(extent) && extent % count !== 0))
      call.fail(`Axis ${axis} of extent ${extent} cannot be split into ${count}.`);
    if (isNumber(extent)) return split(call, x, axis, Array<number>(count).fill(extent / count));
    if (count === 1) return x;
    const equally = call.g.opset >= 18 ? { num_outputs: count } : {};
    const names = call.ops("Split", [x.name], { axis: x.perm.indexOf(axis), ...equally }, count);
    return names.map((name) => ({ name, perm: x.perm }));
  },
};

const SplitV: OpRule = {
  becomes: "Split",
  outputs: ["output"],
  lower: (call) => {
    const x = settled(call, call.input());
    const axis = call.axis(call.number(2), x.perm.length);
    const given = call.numbers(1);
    const open = given.indexOf(-1);
    const rest = given.reduce((sum, size) => sum + (size === -1 ? 0 : size), 0);
    const sizes = open < 0 ? given : given.with(open, call.extent(x, axis) - rest);
    return split(call, x, axis, sizes);
  },
};

/** One scalar of a vector that is computed when running, as a vector of one. */
const element = (call: OpCall, x: string, i: number): string =>
  call.op("Slice", [x, call.g.ints([i]), call.g.ints([i + 1])]);

const Slice: OpRule = {
  becomes: "Slice",
  lower: (call) => {
    const x = settled(call, call.input());
    const rank = x.perm.length;
    const [begin, size] = [call.elements(1), call.elements(2)];
    const dims = call.dims(x);
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
  const steps = call.numbers(3);
  const [begin, end] = [call.elements(1), call.elements(2)];
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
    const x = settled(call, call.input());
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
  const elements = call.lowering.elements(x);
  if (!elements || x.perm.length !== 1 || !isNumber(start) || !isNumber(end)) return undefined;
  const size = elements.length;
  const from = start < 0 ? start + size : Math.min(start, step > 0 ? size : size - 1);
  if (shrinks) return elements[from] === undefined ? undefined : [elements[from]];
  const to = end === BEFORE ? -1 : end < 0 ? end + size : Math.min(end, size);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return Array.from({ length: count }, (_, i) => elements[from + i * step]!);
}

const Tile: OpRule = {
  becomes: "Tile",
  lower: (call) => {
    const x = settled(call, call.promoted([call.input()], "bool")[0]!);
    const repeats = call.known(1);
    if (!repeats) return call.map(call.plain(x), "Tile", {}, call.ints(1));
    if (repeats.length !== x.perm.length || repeats.some((times) => !(times >= 0)))
      call.fail(`It repeats [${repeats.join(", ")}] times, expected a count for each of ${x.perm.length} axes.`);
    if (repeats.every((times) => times === 1)) return x;
    return call.map(x, "Tile", {}, call.g.ints(x.perm.map((axis) => repeats[axis]!)));
  },
};

/** Takes places along one axis; the axes before `batch` are those of both tensors. */
function gather(call: OpCall, axisGiven: number, batch: number): Held {
  const x = settled(call, call.input(0));
  const rank = x.perm.length;
  const axis = call.axis(axisGiven, rank);
  const indices = call.cast(call.plain(call.input(1)), "int32");
  if (batch > 0) return gatherInBatch(call, x, axis, indices, batch);
  const more = indices.perm.length;
  const source = more <= 1 ? x : call.plain(x);
  const name = call.op("Gather", [source.name, indices.name], { axis: source.perm.indexOf(axis) });
  if (more === 0) return call.lowering.know({ name, perm: without(source.perm, [axis]) }, picked(call, x, 1));
  if (more === 1) return call.lowering.know({ name, perm: source.perm }, picked(call, x, 1));
  return { name, perm: identity(rank + more - 1) };
}

function picked(call: OpCall, x: Held, place: number): readonly Dim[] | undefined {
  if (x.perm.length !== 1) return undefined;
  const [elements, indices] = [call.lowering.elements(x), call.known(place)];
  const found = indices?.map((i) => elements?.[i]);
  return found?.every((dim) => dim !== undefined) ? (found as readonly Dim[]) : undefined;
}

function gatherInBatch(call: OpCall, given: Held, axis: number, indices: Held, batch: number): Held {
  const rank = given.perm.length;
  if (axis < batch || indices.perm.length < batch) return call.fail(`batch_dims is ${batch}, and the axis ${axis}.`);
  // The axis comes right after those of the batch; the ones between go behind it, and back at the end.
  const order = [...identity(batch), axis, ...identity(rank).filter((other) => other >= batch && other !== axis)];
  const x = call.arrange(given, order);
  const places = call.op("Unsqueeze", [call.cast(indices, "int64").name, call.g.ints([indices.perm.length])]);
  const name = call.op("GatherND", [x.name, places], { batch_dims: batch });
  const inner = indices.perm.length - batch;
  const between = axis - batch;
  const perm = [
    ...identity(batch),
    ...identity(inner).map((i) => batch + between + i),
    ...identity(between).map((i) => batch + i),
    ...identity(rank - axis - 1).map((i) => batch + between + inner + i),
  ];
  return { name, perm };
}

const GatherV2: OpRule = {
  becomes: "Gather; GatherND with batch_dims",
  lower: (call) => gather(call, call.inputs.length > 2 ? call.number(2) : 0, call.attributes.integer("batch_dims", 0)),
};

const Gather: OpRule = { becomes: "Gather", lower: (call) => gather(call, 0, 0) };

const GatherNd: OpRule = {
  becomes: "GatherND",
  lower: (call) => {
    const [x, indices] = [call.plain(call.input(0)), call.plain(call.input(1))];
    const depth = call.extent(indices, -1);
    const rank = indices.perm.length - 1 + x.perm.length - depth;
    return { name: call.op("GatherND", [x.name, call.cast(indices, "int64").name]), perm: identity(rank) };
  },
};

function reverse(call: OpCall, given: Held, axes: readonly number[]): Held {
  if (axes.length === 0) return given;
  const x = settled(call, given);
  const every = (value: number): string => call.g.ints(axes.map(() => value));
  const held = call.g.ints(axes.map((axis) => x.perm.indexOf(axis)));
  return call.map(x, "Slice", {}, every(-1), every(BEFORE), held, every(-1));
}

const ReverseV2: OpRule = {
  becomes: "Slice",
  lower: (call) => {
    const x = call.input();
    const axes = call.numbers(1).map((axis) => call.axis(axis, x.perm.length));
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

/** A tensor of one value, whose shape is an input. */
export function filled(call: OpCall, place: number, value: string): Held {
  const shape = call.elements(place);
  const rank = shape?.length ?? call.dims(call.input(place))[0];
  if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
  const dims = shape ?? identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
  const type = { dtype: call.dtype({ name: value, perm: [] }), shape: dims };
  return { name: call.op("Expand", [value, call.ints(place)], {}, type), perm: identity(rank) };
}

const scatter = (call: OpCall, x: Held, indices: Held, updates: Held, attributes = {}): Held => {
  const places = call.cast(call.plain(indices), "int64").name;
  return { ...x, name: call.op("ScatterND", [x.name, places, call.plain(updates).name], attributes) };
};

const ScatterNd: OpRule = {
  becomes: "Expand, ScatterND",
  notes: "opset 16 and above",
  lower: (call) => {
    call.needs(16);
    const updates = call.promoted([call.input(1)], "int32")[0]!;
    const zeros = filled(call, 2, call.scalar(0, call.dtype(updates)));
    return scatter(call, zeros, call.input(0), updates, { reduction: "add" });
  },
};

const TensorScatterUpdate: OpRule = {
  becomes: "ScatterND",
  lower: (call) => {
    const x = call.plain(call.input());
    return scatter(call, x, call.input(1), call.cast(call.input(2), call.dtype(x)));
  },
};

const SparseToDense: OpRule = {
  becomes: "Expand, ScatterND",
  lower: (call) => {
    const values = call.plain(call.input(2));
    const otherwise = call.cast(call.plain(call.input(3)), call.dtype(values));
    const dense = filled(call, 1, otherwise.name);
    const given = call.plain(call.input(0));
    // A vector of indices is one for each element of a vector; a number is one.
    const indices =
      given.perm.length === 2
        ? given
        : given.perm.length === 1
          ? call.unsqueeze(given, 1)
          : call.unsqueeze(call.unsqueeze(given, 0), 0);
    const count = call.extents(indices.name, 0, 1);
    const updates = values.perm.length > 0 ? values : { name: call.op("Expand", [values.name, count]), perm: [0] };
    return scatter(call, dense, indices, updates);
  },
};

export const SLICE_JOIN: OpRules = {
  Concat,
  ConcatV2,
  Gather,
  GatherNd,
  GatherV2,
  Pack,
  Reverse,
  ReverseV2,
  ScatterNd,
  Slice,
  SparseToDense,
  Split,
  SplitV,
  StridedSlice,
  TensorScatterUpdate,
  Tile,
  Unpack,
};
