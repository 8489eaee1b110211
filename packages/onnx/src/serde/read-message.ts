import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Field, type FieldKind, MESSAGES, type MessageName, type Proto, type ScalarKind } from "./messages.ts";

/** Where protobuf's own libraries stop too; a graph inside a graph is three messages deeper. */
const DEEPEST = 100;

/** What a scalar is that is not there. */
const ABSENT: { readonly [K in ScalarKind]: unknown } = {
  int32: 0,
  int64: 0n,
  uint64: 0n,
  float: 0,
  double: 0,
  string: "",
  bytes: new Uint8Array(),
};

const isScalar = (kind: FieldKind): kind is ScalarKind => Object.hasOwn(ABSENT, kind);
const isNumber = (kind: FieldKind): boolean => isScalar(kind) && kind !== "string" && kind !== "bytes";

type Message = Record<string, unknown>;

interface Layout {
  readonly byNumber: ReadonlyMap<number, readonly [name: string, ...Field]>;
  readonly oneof: readonly string[];
  /** A message of which nothing has been read. */
  readonly empty: Readonly<Message>;
}

const NO_ITEMS: readonly unknown[] = Object.freeze([]);

function layoutOf(name: MessageName): Layout {
  const fields = Object.entries<Field>(MESSAGES[name]);
  return {
    byNumber: new Map(fields.map(([field, layout]) => [layout[0], [field, ...layout]])),
    oneof: fields.flatMap(([field, [, , rule]]) => (rule === "oneof" ? [field] : [])),
    empty: Object.fromEntries(
      fields.map(([field, [, kind, rule]]) => [
        field,
        rule === "list" ? NO_ITEMS : rule === undefined && isScalar(kind) ? ABSENT[kind] : undefined,
      ]),
    ),
  };
}

/**
 * Reads a message and skips the fields that its table lacks. What is bytes in it are views of `bytes`.
 * @throws Error when the bytes are cut short, hold an impossible tag or nest too deep.
 */
export function readMessage<Name extends MessageName>(name: Name, bytes: Uint8Array): Proto<Name> {
  const reader = new BinaryReader(bytes);
  const layouts = new Map<MessageName, Layout>();

  function layoutFor(name: MessageName): Layout {
    const known = layouts.get(name);
    if (known) return known;
    const layout = layoutOf(name);
    layouts.set(name, layout);
    return layout;
  }

  /** A message that comes in several parts is all of them together. */
  function read(name: MessageName, length: number, depth: number, earlier?: Message): Message {
    if (depth > DEEPEST) throw new Error(`${name}: messages are nested more than ${DEEPEST} deep`);
    const { byNumber, oneof, empty } = layoutFor(name);
    const message = earlier ?? { ...empty };
    const end = reader.pos + length;
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const found = byNumber.get(number);
      if (!found) {
        reader.skip(wireType, number, DEEPEST - depth);
        continue;
      }
      const [field, , kind, rule] = found;
      const value = (earlier?: unknown): unknown =>
        isScalar(kind) ? reader[kind]() : read(kind, reader.uint32(), depth + 1, earlier as Message | undefined);
      if (rule === "list") {
        const items = message[field] === NO_ITEMS ? [] : (message[field] as unknown[]);
        message[field] = items;
        if (wireType === WireType.LengthDelimited && isNumber(kind)) {
          const packedEnd = reader.uint32() + reader.pos;
          while (reader.pos < packedEnd) items.push(value());
        } else items.push(value());
      } else {
        message[field] = value(isScalar(kind) ? undefined : message[field]);
        if (rule === "oneof") for (const other of oneof) if (other !== field) message[other] = undefined;
      }
    }
    return message;
  }

  return read(name, bytes.length, 1) as Proto<Name>;
}
