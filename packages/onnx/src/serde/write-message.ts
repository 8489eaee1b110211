import { type Field, type FieldKind, MESSAGES, type MessageName, type ProtoInit } from "./messages.ts";
import { bytesFromText } from "./text.ts";

const WIRE_TYPE: { readonly [K in FieldKind]?: number } = { int32: 0, int64: 0, uint64: 0, double: 1, float: 5 };
const LENGTH_DELIMITED = 2;

/** From this size on, bytes are not copied before the whole is put together. */
const LARGE = 4096;
const BLOCK = 65_536;

/**
 * Writes from the end to the front: by the time a message's length is due, its content is written. So lengths take no
 * second pass, nothing is moved to make room for them, and weights are copied once.
 */
class BackwardWriter {
  /** The number of bytes written. */
  length = 0;
  /** What is full, the last piece first. */
  readonly #pieces: Uint8Array[] = [];
  #block = new Uint8Array(BLOCK);
  /** Where in the block its content begins. */
  #start: number = BLOCK;

  /** Makes room for so many bytes in front, in a new block if need be, and returns where they begin. */
  #reserve(size: number): number {
    if (size > this.#start) {
      this.#closeBlock();
      this.#block = new Uint8Array(BLOCK);
      this.#start = BLOCK;
    }
    this.#start -= size;
    this.length += size;
    return this.#start;
  }

  /** Takes the content as a piece; the room in front of it serves on. */
  #closeBlock(): void {
    this.#pieces.push(this.#block.subarray(this.#start));
    this.#block = this.#block.subarray(0, this.#start);
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length < LARGE) {
      const at = this.#reserve(bytes.length);
      this.#block.set(bytes, at);
    } else {
      this.#closeBlock();
      this.#pieces.push(bytes);
      this.length += bytes.length;
    }
  }

  /** An integer from −2⁶³ to 2⁶⁴ − 1; negative ones take ten bytes. */
  varint(value: number | bigint): void {
    if (value >= 0 && value < 2 ** 14) {
      const small = Number(value);
      if (small < 128) {
        const at = this.#reserve(1);
        this.#block[at] = small;
      } else {
        const at = this.#reserve(2);
        this.#block[at] = small | 128;
        this.#block[at + 1] = small >> 7;
      }
      return;
    }
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  float(value: number): void {
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setFloat32(0, value, true);
    this.raw(new Uint8Array(bytes.buffer));
  }

  double(value: number): void {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setFloat64(0, value, true);
    this.raw(new Uint8Array(bytes.buffer));
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#closeBlock();
    const whole = new Uint8Array(this.length);
    let end = whole.length;
    for (const piece of this.#pieces) {
      end -= piece.length;
      whole.set(piece, end);
    }
    return whole;
  }
}

/** Writes the fields that are there in the order of their numbers; lists are not packed, as proto2 has it. */
export function writeMessage<Name extends MessageName>(name: Name, message: ProtoInit<Name>): Uint8Array<ArrayBuffer> {
  const writer = new BackwardWriter();
  const lastFirst = new Map<MessageName, readonly (readonly [string, Field])[]>();

  function fieldsOf(name: MessageName): readonly (readonly [string, Field])[] {
    const known = lastFirst.get(name);
    if (known) return known;
    const fields = Object.entries<Field>(MESSAGES[name]).reverse();
    lastFirst.set(name, fields);
    return fields;
  }

  function writeFields(name: MessageName, message: Readonly<Record<string, unknown>>): void {
    for (const [field, layout] of fieldsOf(name)) {
      const value = message[field];
      if (value === undefined) continue;
      if (layout[2] !== "list") writeField(layout, value);
      else for (const item of (value as readonly unknown[]).toReversed()) writeField(layout, item);
    }
  }

  function writeField([number, kind]: Field, value: unknown): void {
    const end = writer.length;
    switch (kind) {
      case "int32":
      case "int64":
      case "uint64":
        writer.varint(value as number | bigint);
        break;
      case "float":
        writer.float(value as number);
        break;
      case "double":
        writer.double(value as number);
        break;
      case "string":
        writer.raw(bytesFromText(value as string));
        break;
      case "bytes":
        writer.raw(value as Uint8Array);
        break;
      default:
        writeFields(kind, value as Readonly<Record<string, unknown>>);
    }
    const wireType = WIRE_TYPE[kind] ?? LENGTH_DELIMITED;
    if (wireType === LENGTH_DELIMITED) writer.varint(writer.length - end);
    writer.varint(number * 8 + wireType);
  }

  writeFields(name, message);
  return writer.finish();
}
