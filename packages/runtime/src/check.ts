/** Reads one value of a JSON document, or throws a `Misfit` that says where and why not. */
export type Check<T> = (value: unknown, path: string) => T;

/** Internal to reading: `parseManifest` turns it into a ManifestError with the file's name. */
export class Misfit extends Error {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  constructor(path: string, found: string, expected: string, options?: ErrorOptions) {
    super(`${path}: ${found}, expected ${expected}`, options);
    this.path = path;
    this.found = found;
    this.expected = expected;
  }
}

/** A check by predicate; `expected` completes "…, expected". */
export const that =
  <T>(expected: string, holds: (value: unknown) => boolean): Check<T> =>
  (value, path) => {
    if (!holds(value)) throw new Misfit(path, describe(value), expected);
    return value as T;
  };

export const text: Check<string> = that("text", (value) => typeof value === "string" && value !== "");

export const literal = <T extends string | number>(wanted: T): Check<T> =>
  that(JSON.stringify(wanted), (value) => value === wanted);

export const wholeNumber = (least: number): Check<number> =>
  that(`a whole number of at least ${least}`, (value) => Number.isSafeInteger(value) && (value as number) >= least);

export const fraction: Check<number> = that(
  "a number from 0 to 1",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);

export const sha256: Check<string> = that(
  "a SHA-256 of 64 hexadecimal digits",
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
);

const object: Check<Record<string, unknown>> = that(
  "an object",
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** What may be missing. */
export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

/** An object with these fields. Fields that nothing here knows are left out, so that a later version may add some. */
export const fields =
  <T>(checks: { readonly [Field in keyof T]-?: Check<T[Field] | undefined> }): Check<T> =>
  (value, path) => {
    const source = object(value, path);
    const names = Object.keys(checks) as (keyof T & string)[];
    return Object.fromEntries(
      names
        .map((name) => [name, checks[name](source[name], path === "" ? name : `${path}.${name}`)])
        .filter(([, field]) => field !== undefined),
    ) as T;
  };

export const mapOf =
  <T>(check: Check<T>): Check<Record<string, T>> =>
  (value, path) =>
    Object.fromEntries(
      Object.entries(object(value, path)).map(([name, item]) => [name, check(item, `${path}["${name}"]`)]),
    );

export function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}
