import type { Dim } from "@glyphcast/onnx";
import { type Block, type Held, identity, isIdentity, keepsOrder } from "../layout.ts";
import { isNumber, type OpCall } from "./op-rule.ts";

/** A shape that is asked for: extents, names of extents, and -1 for one that is left open. */
export type Target = readonly Dim[];

/**
 * A value in another shape, its elements in TF.js's order. `computed` is the shape as a value, for extents that are
 * known only when running.
 */
export function reshape(call: OpCall, given: Held, target: Target, computed?: () => string): Held {
  const dims = call.dims(given);
  if (!given.blocks && same(dims, target)) return given;
  const flat = flattened(call, given, target);
  if (flat) return flat;
  // Axes of extent 1 that are held elsewhere do not move an element.
  const x = !given.blocks && keepsOrder(dims, given.perm) ? given : call.plain(given);
  const perm = identity(target.length);
  const numbers = fixed(call.g.dims(x.name), target);
  if (numbers) {
    const named = target.every((dim) => dim !== -1) && target.some((dim) => !isNumber(dim));
    const types = named ? { dtype: call.dtype(x), shape: target } : undefined;
    const zero = target.includes(0) ? { allowzero: 1 } : {};
    return { name: call.op("Reshape", [x.name, call.g.ints(numbers)], zero, types), perm };
  }
  if (!computed) return call.fail(`Its shape [${target.join(", ")}] is known only when running.`);
  const shape = target.map((dim, axis): Dim => (dim === -1 ? `${call.node.name}_dim${axis}` : dim));
  return { name: call.op("Reshape", [x.name, computed()], {}, { dtype: call.dtype(x), shape }), perm };
}

const same = (dims: readonly Dim[], target: Target): boolean =>
  dims.length === target.length &&
  dims.every((dim, axis) => dim === target[axis] || (target[axis] === -1 && others(dims, axis, target)));

const others = (dims: readonly Dim[], axis: number, target: Target): boolean =>
  dims.every((dim, i) => i === axis || dim === target[i]);

/** The shape as ONNX wants it: 0 copies the extent at the same place, -1 is left open. Undefined where that is not enough. */
function fixed(held: readonly Dim[], target: Target): readonly number[] | undefined {
  const copies = !target.includes(0);
  const numbers = target.map((dim, axis) => (isNumber(dim) ? dim : copies && held[axis] === dim ? 0 : undefined));
  const open = numbers.filter((dim) => dim === undefined || dim === -1).length;
  return open <= 1 ? numbers.map((dim) => dim ?? -1) : undefined;
}

/** An image whose axes after the first become one keeps its order; who reads it as rows of a matrix puts those in order. */
function flattened(call: OpCall, x: Held, target: Target): Held | undefined {
  const dims = call.dims(x);
  if (x.blocks || isIdentity(x.perm) || x.perm[0] !== 0 || target.length !== 2 || dims.length < 3) return undefined;
  const inner = dims.slice(1);
  if (!inner.every(isNumber) || inner.includes(0)) return undefined;
  const size = inner.reduce((product, dim) => product * dim, 1);
  const [rows, columns] = target;
  const keepsRows = rows === dims[0] || (rows === -1 && columns === size);
  if (!keepsRows || (columns !== size && columns !== -1)) return undefined;
  const block: Block = { dims: inner, perm: x.perm.slice(1).map((axis) => axis - 1) };
  const name = call.op("Flatten", [x.name], { axis: 1 });
  return { name, perm: [0, 1], ...(!keepsOrder(inner, block.perm) && { blocks: [block] }) };
}

/** A vector of integers put together of numbers and of scalars computed when running. */
export function vector(call: OpCall, parts: readonly (number | string)[]): string {
  if (parts.every(isNumber)) return call.g.ints(parts);
  const pieces = parts.map((part) => (isNumber(part) ? call.g.ints([part]) : part));
  return call.op("Concat", pieces, { axis: 0 });
}

/** A tensor of one value, whose shape is an input. */
export function filled(call: OpCall, place: number, value: string): Held {
  const shape = call.elements(place);
  const rank = shape?.length ?? call.dims(call.input(place))[0];
  if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
  const known = shape ?? call.known(place);
  if (known?.some((dim) => isNumber(dim) && !(dim >= 0))) call.fail(`Its shape is [${known.join(", ")}].`);
  const dims = shape ?? identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
  const type = { dtype: call.dtype({ name: value, perm: [] }), shape: dims };
  return { name: call.op("Expand", [value, call.ints(place)], {}, type), perm: identity(rank) };
}
