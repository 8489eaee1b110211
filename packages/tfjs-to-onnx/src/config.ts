import { LayerError, UnsupportedOptionError } from "./errors.ts";

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const camelCase = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A field under its Python name or its TF.js one; null counts as absent, as in TF.js. */
export function fieldOf(record: Json, key: string): unknown {
  for (const name of [key, camelCase(key)])
    if (Object.hasOwn(record, name) && record[name] != null) return record[name];
  return undefined;
}

/** Reads a layer's `config` with the defaults of TF.js. Keys are the Python ones, as in the file. */
export class Config {
  /** As in `Conv2D "conv1"`. */
  readonly layer: string;
  readonly #record: Json;

  constructor(layer: string, record: Json) {
    this.layer = layer;
    this.#record = record;
  }

  raw(key: string): unknown {
    return fieldOf(this.#record, key);
  }

  /** All of it, as it stands in the file. */
  get record(): Json {
    return this.#record;
  }

  /** Whether the file says null, where that is another thing than saying nothing. */
  isNull(key: string): boolean {
    return this.#record[key] === null || this.#record[camelCase(key)] === null;
  }

  number(key: string, otherwise?: number): number {
    const value = this.raw(key) ?? otherwise;
    return typeof value === "number" && Number.isFinite(value) ? value : this.#refuse(key, value, "a number");
  }

  integer(key: string, otherwise?: number): number {
    const value = this.raw(key) ?? otherwise;
    return typeof value === "number" && Number.isSafeInteger(value) ? value : this.#refuse(key, value, "an integer");
  }

  /** A positive integer. */
  count(key: string, otherwise?: number): number {
    const value = this.raw(key) ?? otherwise;
    return isCount(value) ? value : this.#refuse(key, value, "a positive integer");
  }

  /** One positive integer for each of `rank` axes; a single number stands for all of them. */
  counts(key: string, rank: number, otherwise?: number | readonly number[]): readonly number[] {
    const value = this.raw(key) ?? otherwise;
    if (isCount(value)) return Array.from({ length: rank }, () => value);
    if (Array.isArray(value) && value.length === rank && value.every(isCount)) return value;
    return this.#refuse(key, value, `${rank} positive integers`);
  }

  integers(key: string): readonly number[] {
    const value = this.raw(key);
    if (Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))) return value;
    return this.#refuse(key, value, "a list of integers");
  }

  /** One or several axes of a tensor, none of them the batch, counted from the start and in ascending order. */
  axes(key: string, rank: number, otherwise: number | readonly number[]): readonly number[] {
    const value = this.raw(key) ?? otherwise;
    const given = Array.isArray(value) ? value : [value];
    const axes = given.map((axis) => (Number.isSafeInteger(axis) && axis < 0 ? axis + rank : axis));
    const known = (axis: unknown): boolean => isCount(axis) && axis < rank;
    if (!axes.every(known) || new Set(axes).size < axes.length)
      return this.#refuse(key, value, `axes of a tensor of rank ${rank}, without the batch`);
    return axes.toSorted((a, b) => a - b);
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.raw(key) ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(key, value, "true or false");
  }

  /** One of a few words, written with underscores. */
  choice<T extends string>(key: string, words: readonly T[], otherwise: T): T {
    const value = this.raw(key) ?? otherwise;
    if (typeof value !== "string") this.#refuse(key, value, words.join(" or "));
    const word = value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return words.find((known) => known === word) ?? this.unsupported(key, `TF.js knows ${words.join(", ")}.`);
  }

  /** The axis of the channels in a tensor of this rank. */
  channelAxis(rank: number): number {
    return this.choice("data_format", ["channels_last", "channels_first"], "channels_last") === "channels_first"
      ? 1
      : rank - 1;
  }

  /** An extent per dimension, null where it is not known. */
  dims(key: string): readonly (number | null)[] | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((dim) => dim === null || isCount(dim))) return value;
    return this.#refuse(key, value, "a list of positive integers and nulls");
  }

  unsupported(option: string, mend: string): never {
    throw new UnsupportedOptionError(this.layer, option, this.raw(option), mend);
  }

  fail(message: string): never {
    throw new LayerError(this.layer, message);
  }

  #refuse(key: string, found: unknown, expected: string): never {
    return this.fail(`${key} is ${JSON.stringify(found) ?? "missing"}, expected ${expected}.`);
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0;
