import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType, file_onnx, TensorProto_DataLocation, TensorProto_DataType } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { PROTO_TYPE_OF } from "./data-types.ts";
import { ATTRIBUTE_TYPE, EXTERNAL, type Field, MESSAGES } from "./messages.ts";

const generated = new Map<string, DescMessage>();
const collect = (messages: readonly DescMessage[]): void => {
  for (const message of messages) {
    generated.set(message.typeName.replace(/^onnx\./, ""), message);
    collect(message.nestedMessages);
  }
};
collect(file_onnx.messages);

/** Messages inside of others have names of their own here. */
const NESTED: Readonly<Record<string, string>> = {
  TensorTypeProto: "TypeProto.Tensor",
  DimensionProto: "TensorShapeProto.Dimension",
};

function kindOf(field: DescField): string {
  if (field.message) {
    const name = field.message.typeName.replace(/^onnx\./, "");
    return Object.keys(NESTED).find((own) => NESTED[own] === name) ?? name;
  }
  return field.enum ? "int32" : ScalarType[field.scalar!].toLowerCase();
}

const ruleOf = (field: DescField): Field[2] =>
  field.fieldKind === "list" ? "list" : field.oneof ? "oneof" : undefined;

describe("the tables say what the code generated from onnx.proto says", () => {
  it.each(Object.entries(MESSAGES))("of %s", (name, fields: Readonly<Record<string, Field>>) => {
    const message = generated.get(NESTED[name] ?? name)!;
    for (const [field, [number, kind, rule]] of Object.entries(fields)) {
      const expected = message.field[field]!;
      expect({ field, number, rule }).toEqual({ field, number: expected.number, rule: ruleOf(expected) });
      // Messages that are refused are bytes.
      if (!(kind === "bytes" && expected.message)) expect(kind).toBe(kindOf(expected));
    }
    const numbers = Object.values(fields).map(([number]) => number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it("of every way in which a type is not a tensor", () => {
    const oneof = generated.get("TypeProto")!.oneofs[0]!.fields;
    expect(Object.keys(MESSAGES.TypeProto).toSorted()).toEqual(oneof.map(({ localName }) => localName).toSorted());
  });

  it("of the enumerations", () => {
    for (const [type, number] of Object.entries(ATTRIBUTE_TYPE))
      expect(AttributeProto_AttributeType[number]).toBe(type.toUpperCase());
    for (const [dtype, number] of Object.entries(PROTO_TYPE_OF))
      expect(TensorProto_DataType[number]).toBe({ float32: "FLOAT", float64: "DOUBLE" }[dtype] ?? dtype.toUpperCase());
    expect(TensorProto_DataLocation[EXTERNAL]).toBe("EXTERNAL");
  });
});
