import { randomStream, shuffle } from "../random.ts";

/** Of the training pictures one in twelve is held out by default: 5,000 of MNIST's 60,000. */
export const HELD_OUT: number = 1 / 12;

export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Holds out `count` of the labelled examples, drawn from `seed`, so that every class keeps its share of them (rounded
 * by largest remainder, so the counts add up). Both parts come back in ascending order.
 */
export function stratifiedSplit(labels: Uint8Array, count: number, seed: number): Split {
  const members = groupByClass(labels);
  const shares = members.map(({ length }) => (length * count) / labels.length);
  const held = shares.map(Math.floor);
  const byRemainder = shares.map((_, i) => i).sort((i, j) => shares[j]! - held[j]! - (shares[i]! - held[i]!) || i - j);
  const missing = count - held.reduce((sum, n) => sum + n, 0);
  for (const i of byRemainder.slice(0, missing)) held[i]!++;

  const heldOut = new Uint8Array(labels.length);
  for (const [label, indices] of members.entries())
    for (const index of shuffle(indices, randomStream(seed, SPLIT, label)).subarray(0, held[label])) heldOut[index] = 1;

  const train = new Uint32Array(labels.length - count);
  const validation = new Uint32Array(count);
  let t = 0;
  let v = 0;
  for (let i = 0; i < labels.length; i++) {
    if (heldOut[i]) validation[v++] = i;
    else train[t++] = i;
  }
  return { train, validation };
}

/** Keeps this use of a seed apart from the others. */
const SPLIT = 0x73706c74;

function groupByClass(labels: Uint8Array): Uint32Array[] {
  const sizes: number[] = [];
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const groups = Array.from(sizes, (size = 0) => new Uint32Array(size));
  const filled = new Uint32Array(groups.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    groups[label]![filled[label]!++] = i;
  }
  return groups;
}
