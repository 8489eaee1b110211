import type { DataType } from "@glyphcast/onnx";
import { isObject, type Json } from "../config.ts";
import { OpError } from "./errors.ts";

/** TF.js computes with three element types; each TensorFlow type becomes one of them. */
const DTYPES: ReadonlyMap<string, DataType> = new Map([
  ["DT_FLOAT", "float32"],
  ["DT_HALF", "float32"],
  ["DT_DOUBLE", "float32"],
  ["DT_INT8", "int32"],
  ["DT_UINT8", "int32"],
  ["DT_INT32", "int32"],
  ["DT_INT64", "int32"],
  ["DT_BOOL", "bool"],
]);

/** Some writers give the enum's number. */
const NAME_OF_TYPE: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [1, "DT_FLOAT"],
  [2, "DT_DOUBLE"],
  [3, "DT_INT32"],
  [4, "DT_UINT8"],
  [6, "DT_INT8"],
  [9, "DT_INT64"],
  [10, "DT_BOOL"],
  [19, "DT_HALF"],
]);

/** Reads a node's `attr` as TF.js does: strings in base64, integers as numbers or text. */
export class OpAttributes {
  /** As in `Conv2D "block1/conv"`. */
  readonly node: string;
  readonly #record: Json;

  constructor(node: string, record: Json) {
    this.node = node;
    this.#record = record;
  }

  has(key: string): boolean {
    return this.#field(key) !== undefined;
  }

  /** In lower case, as TF.js reads it. */
  text(key: string, otherwise: string): string {
    const field = this.#field(key);
    return field === undefined ? otherwise : this.#decode(key, field.s).toLowerCase();
  }

  /** A name, in the case it is written in. */
  name(key: string): string | undefined {
    const field = this.#field(key);
    return field === undefined ? undefined : this.#decode(key, field.s);
  }

  texts(key: string): readonly string[] {
    return this.#list(key, "s").map((item) => this.#decode(key, item).toLowerCase());
  }

  /** The name of a function in the graph's library. */
  func(key: string): string {
    const func = this.#field(key)?.func;
    if (isObject(func) && typeof func.name === "string") return func.name;
    return this.#refuse(key, func, "a function");
  }

  /** The names of all functions that it calls. */
  functions(): readonly string[] {
    return Object.keys(this.#record).flatMap((key) => {
      const func = this.#field(key)?.func;
      return isObject(func) && typeof func.name === "string" ? [func.name] : [];
    });
  }

  number(key: string, otherwise?: number): number {
    const field = this.#field(key);
    const given = field?.i ?? field?.f ?? otherwise;
    const value = typeof given === "string" ? Number(given) : given;
    return typeof value === "number" && Number.isFinite(value) ? value : this.#refuse(key, given, "a number");
  }

  integer(key: string, otherwise?: number): number {
    const value = this.number(key, otherwise);
    return Number.isSafeInteger(value) ? value : this.#refuse(key, value, "an integer");
  }

  flag(key: string, otherwise = false): boolean {
    const value = this.#field(key)?.b ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(key, value, "true or false");
  }

  integers(key: string, otherwise?: readonly number[]): readonly number[] {
    if (otherwise && !this.has(key)) return otherwise;
    const values = this.#list(key, "i").map(Number);
    return values.every(Number.isSafeInteger) ? values : this.#refuse(key, values, "integers");
  }

  dtype(key: string, otherwise: DataType = "float32"): DataType {
    const type = this.#field(key)?.type;
    if (type === undefined) return otherwise;
    return dtypeOf(type) ?? this.#refuse(key, type, `one of ${[...DTYPES.keys()].join(", ")}`);
  }

  /** Extents, null where they are open; undefined where not even the rank is known. */
  shape(key: string): readonly (number | null)[] | undefined {
    return shapeOf(this.#field(key)?.shape);
  }

  #field(key: string): Json | undefined {
    const field = Object.hasOwn(this.#record, key) ? this.#record[key] : undefined;
    return isObject(field) ? field : undefined;
  }

  #list(key: string, kind: string): readonly unknown[] {
    const list = this.#field(key)?.list;
    const items = isObject(list) ? (list[kind] ?? []) : [];
    return Array.isArray(items) ? items : this.#refuse(key, items, "a list");
  }

  /** Text comes in base64 or as character codes; some writers leave it as it is. */
  #decode(key: string, value: unknown): string {
    if (Array.isArray(value)) return String.fromCharCode(...value.slice(0, 4096).map(Number));
    if (typeof value !== "string") return this.#refuse(key, value, "text in base64");
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return value;
    const text = atob(value);
    return /^[\x20-\x7e]*$/.test(text) ? text : value;
  }

  #refuse(key: string, found: unknown, expected: string): never {
    throw new OpError(this.node, `${key} is ${JSON.stringify(found) ?? "missing"}, expected ${expected}.`);
  }
}

/** What TF.js holds elements of a TensorFlow type as; undefined for strings, resources and complex numbers. */
export const dtypeOf = (type: unknown): DataType | undefined =>
  DTYPES.get(typeof type === "string" ? type : (NAME_OF_TYPE.get(type) ?? ""));

/** A TensorShapeProto. */
export function shapeOf(shape: unknown): readonly (number | null)[] | undefined {
  if (!isObject(shape) || shape.unknownRank === true) return undefined;
  const dims = shape.dim ?? [];
  if (!Array.isArray(dims)) return undefined;
  return dims.map((dim) => {
    const size = isObject(dim) ? Number(dim.size) : Number.NaN;
    return Number.isSafeInteger(size) && size >= 0 ? size : null;
  });
}
