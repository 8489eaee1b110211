import { UsageError } from "../errors.ts";

/** `NAME=VALUE` options: the value of each name. A name may have an `=` in it, a value none. */
export function pairsOf<T>(
  option: string,
  given: readonly string[] | undefined,
  read: (value: string) => T | undefined,
  example: string,
): Record<string, T> {
  return Object.fromEntries(
    (given ?? []).map((pair) => {
      const at = pair.lastIndexOf("=");
      const value = at < 1 ? undefined : read(pair.slice(at + 1));
      if (value === undefined) throw new UsageError(`--${option} is "${pair}", expected ${example}.`);
      return [pair.slice(0, at), value];
    }),
  );
}

export const extentFrom = (text: string): number | undefined =>
  /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;

/** `0..255`, `-1..1`. */
export function rangeFrom(text: string): readonly [number, number] | undefined {
  const [low, high, ...more] = text.split("..").map((end) => (end.trim() === "" ? Number.NaN : Number(end)));
  return more.length === 0 && low !== undefined && high !== undefined && low <= high ? [low, high] : undefined;
}

export const differenceFrom = (text: string): number | undefined =>
  text.trim() !== "" && Number(text) >= 0 ? Number(text) : undefined;

/**
 * `--atol 1e-4`, for every output, and `--atol logits=1e-3`, for one.
 * returns: `undefined` for what was not given.
 */
export function toleranceFrom(
  option: string,
  given: readonly string[] | undefined,
): { readonly all: number | undefined; readonly outputs: Record<string, number> } {
  const plain = (given ?? []).filter((text) => !text.includes("="));
  if (plain.length > 1) throw new UsageError(`--${option} is given more than once.`);
  const [text] = plain;
  const all = text === undefined ? undefined : differenceFrom(text);
  if (text !== undefined && all === undefined)
    throw new UsageError(`--${option} is "${text}", expected a number from 0, or OUTPUT=NUMBER.`);
  const named = (given ?? []).filter((pair) => pair.includes("="));
  return { all, outputs: pairsOf(option, named, differenceFrom, `OUTPUT=NUMBER as in logits=1e-4`) };
}
