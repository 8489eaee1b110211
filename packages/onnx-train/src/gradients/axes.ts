import type { Site } from "../rule.ts";

/** An axis counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The elements of an input that must be known when the step is built. */
export function known(site: Site, input: number, what: string): readonly number[] {
  return (
    site.constant(input) ??
    site.fail(
      `${what} is computed at run time, and a training step needs it as a constant ("${site.node.inputs[input]}").`,
    )
  );
}

/** What is an input in newer operator sets and was an attribute before; undefined where it is omitted. */
export function argument(site: Site, input: number, name: string): readonly number[] | undefined {
  if (site.node.inputs[input]) return known(site, input, name);
  const value = site.node.attributes[name];
  return typeof value === "number" ? [value] : (value as readonly number[] | undefined);
}

/** The axes that a reduction takes away, in ascending order: all if none are given, unless empty means none. */
export function reducedAxes(site: Site): readonly number[] {
  const rank = site.shape(0).length;
  const given = argument(site, 1, "axes") ?? [];
  if (given.length > 0) return given.map((axis) => fromFront(axis, rank)).sort((a, b) => a - b);
  return site.attribute("noop_with_empty_axes", 0) === 1 ? [] : [...Array(rank).keys()];
}
