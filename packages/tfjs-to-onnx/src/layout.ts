/**
 * A TF.js tensor as the graph holds it.
 *
 * TF.js thinks in NHWC and ONNX in NCHW. Instead of transposing, a value remembers how its axes are held: axis `i` of
 * the ONNX value is TF.js's axis `perm[i]`. A rule asks for the layout that it needs and says in which it answers; a
 * Transpose is only emitted where two such wishes meet.
 */
export interface Held {
  /** The ONNX value. */
  readonly name: string;
  readonly perm: readonly number[];
  /** The order of the last axis's elements where TF.js has another: flattened images, end to end. */
  readonly blocks?: readonly Block[];
  readonly mask?: Mask;
}

/** The booleans [batch, steps] that say which steps count; null for a mask that TF.js makes in a shape of its own. */
export type Mask = string | null | undefined;

/** An image of TF.js's extents `dims`, flattened after a transposition by `perm`. */
export interface Block {
  readonly dims: readonly number[];
  readonly perm: readonly number[];
}

export function unmasked({ mask: _, ...x }: Held): Held {
  return x;
}

export const identity = (rank: number): readonly number[] => Array.from({ length: rank }, (_, axis) => axis);

export const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);

export const inverse = (perm: readonly number[]): readonly number[] => perm.map((_, axis) => perm.indexOf(axis));

export const equal = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);

/** The order of axes that puts `axis` second, where ONNX's images have their channels. */
export const channelsSecond = (rank: number, axis: number): readonly number[] => [
  0,
  axis,
  ...identity(rank).filter((other) => other !== 0 && other !== axis),
];

/** Whether a transposition moves axes of extent 1 only, so that the elements stay where they are in memory. */
export function keepsOrder(dims: readonly (number | string)[], perm: readonly number[]): boolean {
  const moved = perm.filter((axis) => dims[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
}

const sizeOfBlock = ({ dims }: Block): number => dims.reduce((size, dim) => size * dim, 1);

export const sizeOfBlocks = (blocks: readonly Block[]): number =>
  blocks.reduce((size, block) => size + sizeOfBlock(block), 0);

export const sameBlocks = (a: readonly Block[] | undefined, b: readonly Block[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** At each position of the held axis, the position in TF.js's. */
export function orderOf(blocks: readonly Block[]): Int32Array {
  const order = new Int32Array(sizeOfBlocks(blocks));
  let filled = 0;
  for (const block of blocks) {
    order.set(orderOfBlock(block, filled), filled);
    filled += sizeOfBlock(block);
  }
  return order;
}

function orderOfBlock(block: Block, base: number): Int32Array {
  const { dims, perm } = block;
  const order = new Int32Array(sizeOfBlock(block));
  const strides = stridesOf(dims);
  forEachOffset(
    perm.map((axis) => dims[axis]!),
    perm.map((axis) => strides[axis]!),
    (offset, i) => {
      order[i] = base + offset;
    },
  );
  return order;
}

/** How far apart neighbours along each axis are in row-major memory. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/** Visits every index of `dims` in row-major order with its offset under other strides. */
export function forEachOffset(
  dims: readonly number[],
  strides: readonly number[],
  visit: (offset: number, i: number) => void,
): void {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const index = dims.map(() => 0);
  for (let i = 0, offset = 0; i < size; i++) {
    visit(offset, i);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      offset -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}
