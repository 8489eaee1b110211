import type { DataType, Dim, ValueType } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { vector } from "../reshape.ts";

/** Zeros of a list's shape, the first axis its length. */
function zeros(
  call: OpCall,
  dtype: DataType,
  size: number | string,
  element: readonly (number | string)[],
  dims: readonly Dim[],
): Held {
  const shape = [isNumber(size) ? size : (`${call.node.name}_length` as Dim), ...dims];
  const type = { dtype, shape };
  return {
    name: call.op("Expand", [call.scalar(0, dtype), vector(call, [size, ...element])], {}, type),
    perm: identity(shape.length),
  };
}

/** A list's length as one part of a shape. */
const lengthOf = (call: OpCall, place: number): number | string => {
  const known = call.known(place)?.[0];
  return known === undefined ? call.one(place) : Math.max(0, known);
};

/** A list with room for its elements; where their shape is not known yet, a note of it that is made up for later. */
function reserve(
  call: OpCall,
  dtype: DataType,
  size: number | string,
  element: readonly (number | null)[] | undefined,
): Held {
  if (element?.every(isNumber)) return zeros(call, dtype, size, element, element);
  return call.lowering.reserve({ dtype, size });
}

/** The extents of a constant that is a shape; undefined where it does not tell. */
function elementShape(call: OpCall, place: number): readonly (number | null)[] | undefined {
  const dims = call.elements(place);
  if (!dims || (dims.length === 1 && call.input(place).perm.length === 0)) return undefined;
  return dims.map((dim) => (isNumber(dim) && dim >= 0 ? dim : null));
}

/**
 * A list whose elements' shape was found out, made where its loop begins; undefined where an extent is not known there.
 * @param around values that may have the extents of which only the names are known.
 */
export function allocated(call: OpCall, x: Held, found: ValueType, around: readonly Held[]): Held | undefined {
  const { size } = call.lowering.reserved.get(x.name)!;
  const dims = found.shape?.slice(1) ?? call.fail("Nothing is put into one of its lists.");
  const element = dims.map((dim) => (isNumber(dim) ? dim : extentOf(call, dim, around)));
  const known = element.filter((part) => part !== undefined);
  return known.length === element.length ? zeros(call, found.dtype, size, known, dims) : undefined;
}

/** An extent of which only the name is known, from a value that has it. */
function extentOf(call: OpCall, dim: string, around: readonly Held[]): string | undefined {
  for (const { name } of around) {
    const axis = call.lowering.reserved.has(name) ? -1 : call.g.dims(name).indexOf(dim);
    if (axis >= 0) return call.extents(name, axis, axis + 1);
  }
  return undefined;
}

/** The list that an op writes to, with room for elements like `item`. */
function roomFor(call: OpCall, list: Held, item: Held): Held {
  const reserved = call.lowering.reserved.get(list.name);
  if (!reserved) return list;
  const dims = call.dims(item);
  // In a trial only the shape matters: the list is made around the loop afterwards.
  if (reserved.trial) return call.unsqueeze(item, 0);
  const element = dims.map((dim, axis) => (isNumber(dim) ? dim : call.extents(item.name, axis, axis + 1)));
  return zeros(call, call.dtype(item), reserved.size, element, dims);
}

function filled(call: OpCall, list: Held): Held {
  if (call.lowering.reserved.has(list.name))
    call.fail("It reads a list of which not even the elements' shape is known.");
  return call.plain(list);
}

function set(call: OpCall, given: Held, index: number, value: Held): Held {
  const item = call.plain(value);
  const list = call.plain(roomFor(call, given, item));
  const place = call.op("Reshape", [call.cast(call.plain(call.input(index)), "int64").name, call.g.ints([1, 1])]);
  return call.map(list, "ScatterND", {}, place, call.unsqueeze(item, 0).name);
}

/** One element, or with a vector of places several stacked. */
function get(call: OpCall, given: Held, place: number): Held {
  const list = filled(call, given);
  const index = call.plain(call.input(place));
  const rank = list.perm.length - 1 + index.perm.length;
  return { name: call.op("Gather", [list.name, call.cast(index, "int32").name], { axis: 0 }), perm: identity(rank) };
}

/** How many elements a list holds. */
function length(call: OpCall, list: Held): Held {
  const reserved = call.lowering.reserved.get(list.name);
  const size = reserved?.size;
  if (isNumber(size)) return { name: call.scalar(size, "int32"), perm: [] };
  const one = size ?? call.extents(filled(call, list).name, 0, 1);
  const held = { name: call.op("Squeeze", [one, call.g.ints([0])]), perm: [] };
  return call.cast(held, "int32");
}

/** The elements one after the other along their first axis. */
function concatenated(call: OpCall, given: Held): Held {
  const list = filled(call, given);
  const rest = call.dims(list).slice(2);
  if (list.perm.length < 2) return call.fail("Its elements have no axis to be joined along.");
  const tail = rest.map((dim, i) => (isNumber(dim) ? dim : call.extents(list.name, i + 2, i + 3)));
  const [count, size] = call.dims(list);
  const first = isNumber(count) && isNumber(size) ? count * size : `${call.node.name}_dim0`;
  const type = { dtype: call.dtype(list), shape: [first, ...rest] };
  return {
    name: call.op("Reshape", [list.name, vector(call, [-1, ...tail])], {}, type),
    perm: identity(rest.length + 1),
  };
}

/** A tensor cut into elements of one size. */
function cut(call: OpCall, tensor: Held, lengths: readonly number[]): Held {
  const x = call.plain(tensor);
  const [size = 0, ...others] = lengths;
  if (others.some((other) => other !== size)) call.fail("It cuts a tensor into parts of different sizes.");
  const rest = call.dims(x).slice(1);
  const tail = rest.map((dim, i) => (isNumber(dim) ? dim : call.extents(x.name, i + 1, i + 2)));
  const type = { dtype: call.dtype(x), shape: [lengths.length, size, ...rest] };
  const name = call.op("Reshape", [x.name, vector(call, [lengths.length, size, ...tail])], {}, type);
  return { name, perm: identity(rest.length + 2) };
}

function scatter(call: OpCall, given: Held | undefined, indices: number, value: Held, size: number | string): Held {
  const items = call.plain(value);
  const dims = call.dims(items).slice(1);
  const element = dims.map((dim, i) => (isNumber(dim) ? dim : call.extents(items.name, i + 1, i + 2)));
  const list =
    given && !call.lowering.reserved.has(given.name)
      ? call.plain(given)
      : zeros(call, call.dtype(items), size, element, dims);
  const places = call.unsqueeze(call.cast(call.plain(call.input(indices)), "int64"), 1).name;
  return call.map(list, "ScatterND", {}, places, items.name);
}

const rule = (becomes: string, lower: OpRule["lower"], notes?: string): OpRule => ({
  becomes,
  lower,
  ...(notes && { notes }),
});

const largest = (call: OpCall, place: number): number => {
  const size = call.integers(place).reduce((most, index) => Math.max(most, index), -1) + 1;
  return size <= 2 ** 24 ? size : call.fail(`It makes a list of ${size} elements.`);
};

const element = (call: OpCall): DataType => call.attributes.dtype("element_dtype");

const nothing: OpRule = rule("nothing", (call) => ({ name: call.scalar(0, "float32"), perm: [] }));

const TensorListScatter = rule("Expand, ScatterND", (call) => {
  const known = call.inputs.length > 3 ? call.known(3)?.[0] : undefined;
  return scatter(call, undefined, 1, call.input(0), known !== undefined && known >= 0 ? known : largest(call, 1));
});

const TensorListResize = rule("Concat, Slice", (call) => {
  const list = filled(call, call.input());
  const dims = call.dims(list).slice(1);
  const tail = dims.map((dim, i) => (isNumber(dim) ? dim : call.extents(list.name, i + 1, i + 2)));
  const size = lengthOf(call, 1);
  const more = zeros(call, call.dtype(list), size, tail, dims);
  const long = call.op("Concat", [list.name, more.name], { axis: 0 });
  const type = { dtype: call.dtype(list), shape: [isNumber(size) ? size : `${call.node.name}_length`, ...dims] };
  const bounds = [call.g.ints([0]), vector(call, [size]), call.g.ints([0])];
  return { ...list, name: call.op("Slice", [long, ...bounds], {}, type) };
});

const TensorListPushBack = rule("Unsqueeze, Concat", (call) => {
  const item = call.unsqueeze(call.plain(call.input(1)), 0);
  const reserved = call.lowering.reserved.get(call.input().name);
  if (reserved && (reserved.trial || reserved.size === 0)) return item;
  const list = call.plain(call.input());
  return { ...list, name: call.op("Concat", [list.name, item.name], { axis: 0 }) };
});

const concat = (place: number): OpRule =>
  rule("Reshape", (call) => concatenated(call, call.input(place)), "elements of one size");

/** TensorFlow 2's lists: one tensor, the elements stacked. */
const TENSOR_LISTS: OpRules = {
  EmptyTensorList: rule("Expand", (call) => reserve(call, element(call), 0, elementShape(call, 0))),
  TensorListConcat: concat(0),
  TensorListConcatV2: concat(0),
  TensorListFromTensor: rule("nothing", (call) => call.plain(call.input())),
  TensorListGather: rule("Gather", (call) => get(call, call.input(), 1)),
  TensorListGetItem: rule("Gather", (call) => get(call, call.input(), 1)),
  TensorListLength: rule("Shape", (call) => length(call, call.input())),
  TensorListPushBack,
  TensorListReserve: rule("Expand", (call) => reserve(call, element(call), lengthOf(call, 1), elementShape(call, 0))),
  TensorListResize,
  TensorListScatter,
  TensorListScatterV2: TensorListScatter,
  TensorListSetItem: rule("ScatterND", (call) => set(call, call.input(), 1, call.input(2))),
  TensorListSplit: rule(
    "nothing",
    (call) =>
      call.integers(2).every((rows) => rows === 1)
        ? call.plain(call.input())
        : call.fail("TF.js itself can only split a tensor into its rows."),
    "into single rows, as in TF.js",
  ),
  TensorListStack: rule("nothing", (call) => filled(call, call.input())),
};

/** TensorFlow 1's arrays: what is written goes along the flow, which is the elements stacked. */
const TENSOR_ARRAYS: OpRules = {
  TensorArrayCloseV3: nothing,
  TensorArrayConcatV3: { ...concat(1), outputs: ["value", "lengths"] },
  TensorArrayGatherV3: rule("Gather", (call) => get(call, call.input(2), 1)),
  TensorArrayReadV3: rule("Gather", (call) => get(call, call.input(2), 1)),
  TensorArrayScatterV3: rule("Expand, ScatterND", (call) => {
    const reserved = call.lowering.reserved.get(call.input(3).name);
    return scatter(call, call.input(3), 1, call.input(2), reserved?.size ?? largest(call, 1));
  }),
  TensorArraySizeV3: rule("Shape", (call) => length(call, call.input(1))),
  TensorArraySplitV3: rule("Reshape", (call) => cut(call, call.input(1), call.integers(2)), "parts of one size"),
  TensorArrayV3: {
    becomes: "Expand",
    notes: "its size is fixed",
    outputs: ["handle", "flow"],
    lower: (call) => {
      const shape = call.attributes.shape("element_shape");
      const flow = reserve(call, call.attributes.dtype("dtype"), lengthOf(call, 0), shape);
      return [{ name: call.scalar(0, "float32"), perm: [] }, flow];
    },
  },
  TensorArrayWriteV3: rule("ScatterND", (call) => set(call, call.input(3), 1, call.input(2))),
};

export const LISTS: OpRules = { ...TENSOR_LISTS, ...TENSOR_ARRAYS };
