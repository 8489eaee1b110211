import type { Emitter } from "../emitter.ts";

/**
 * Puts the slices of a value along an axis at their places on a longer one, zeros elsewhere: the adjoint of picking
 * those places, each at most once.
 */
export function placeAlong(g: Emitter, value: string, axis: number, extent: number, places: readonly number[]): string {
  const [first = 0] = places;
  const spare = extent - places.length;
  const pad = (before: number, after: number) => {
    const none = g.shape(value).map(() => 0);
    return g.op("Pad", [value, g.ints([...none.with(axis, before), ...none.with(axis, after)])]);
  };
  if (places.every((place, i) => place === first + i)) return spare === 0 ? value : pad(first, spare - first);
  const slots = Array<number>(extent).fill(places.length);
  for (const [slot, place] of places.entries()) slots[place] = slot;
  // The slice behind the last is a zero, for the places that nothing goes to.
  return g.gather(spare === 0 ? value : pad(0, 1), g.ints(slots), axis);
}
