import fc from "fast-check";
import type {
  Attribute,
  AttributeType,
  DataType,
  Dim,
  Graph,
  Model,
  Node,
  Tensor,
  ValueInfo,
  ValueType,
} from "../src/index.ts";
import { attributeType } from "../src/serde/attribute-types.ts";

/** Names as people, exporters and prototypes give them. */
export const names: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.constantFrom("x", "block1/conv:0", "alpha", "seed", "axes", "__proto__", "constructor", "toString", "0"),
);

const TWO_63 = 2n ** 63n;
/** Every int64 that a double holds, and 2⁶³, which stands for 2⁶³ − 1. */
const ints: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -TWO_63, max: TWO_63 }).map(Number),
  fc.constantFrom(2 ** 63, -(2 ** 63)),
);
const floats = fc.float();
const notUtf8 = fc.uint8Array({ maxLength: 4 }).map((bytes) => Uint8Array.of(...bytes, 0xff));

const bigInts = (min: bigint, max: bigint, length: number) =>
  fc.array(fc.bigInt({ min, max }), { minLength: length, maxLength: length });

const DATA: { readonly [T in DataType]: (length: number) => fc.Arbitrary<unknown> } = {
  float32: (length) => fc.float32Array({ minLength: length, maxLength: length }),
  float64: (length) => fc.float64Array({ minLength: length, maxLength: length }),
  float16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  bfloat16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  int8: (length) => fc.int8Array({ minLength: length, maxLength: length }),
  int16: (length) => fc.int16Array({ minLength: length, maxLength: length }),
  int32: (length) => fc.int32Array({ minLength: length, maxLength: length }),
  int64: (length) => bigInts(-TWO_63, TWO_63 - 1n, length).map((values) => BigInt64Array.from(values)),
  uint8: (length) => fc.uint8Array({ minLength: length, maxLength: length }),
  uint16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  uint32: (length) => fc.uint32Array({ minLength: length, maxLength: length }),
  uint64: (length) => bigInts(0n, 2n * TWO_63 - 1n, length).map((values) => BigUint64Array.from(values)),
  bool: (length) => fc.uint8Array({ minLength: length, maxLength: length, max: 1 }),
  string: (length) => fc.array(fc.string({ unit: "grapheme" }), { minLength: length, maxLength: length }),
};

export const dtypes: readonly DataType[] = Object.keys(DATA) as DataType[];

export const tensorOf = (dtype: DataType): fc.Arbitrary<Tensor> =>
  fc
    .array(fc.nat({ max: 3 }), { maxLength: 3 })
    .chain((shape) =>
      DATA[dtype](shape.reduce((size, dim) => size * dim, 1)).map((data) => ({ dtype, shape, data }) as Tensor),
    );

const tensors = fc.constantFrom(...dtypes).chain(tensorOf);

const types: fc.Arbitrary<ValueType> = fc
  .tuple(
    fc.constantFrom(...dtypes),
    fc.option(fc.array(fc.oneof<fc.Arbitrary<Dim>[]>(fc.nat(), names), { maxLength: 4 }), { nil: undefined }),
  )
  .map(([dtype, shape]) => (shape ? { dtype, shape } : { dtype }));

const infos: fc.Arbitrary<ValueInfo[]> = fc.array(
  fc.tuple(names, types).map(([name, type]) => ({ name, ...type })),
  { maxLength: 3 },
);

/** An entry list with each key once. */
const entries = <T>(values: fc.Arbitrary<T>, maxLength = 4): fc.Arbitrary<[string, T][]> =>
  fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength });

const attributesOf = (graphs: fc.Arbitrary<Graph>): fc.Arbitrary<[AttributeType, Attribute]> => {
  const kind = <T extends Attribute>(type: AttributeType, values: fc.Arbitrary<T>) =>
    values.map((value): [AttributeType, Attribute] => [type, value]);
  return fc.oneof(
    { weight: 2, arbitrary: kind("int", ints) },
    kind("float", floats),
    kind("string", fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(fc.string({ unit: "grapheme" }), notUtf8)),
    kind("tensor", tensors),
    kind("ints", fc.array(ints, { maxLength: 5 })),
    kind("floats", fc.array(floats, { maxLength: 5 })),
    kind("strings", fc.array(fc.string({ unit: "grapheme" }), { maxLength: 3 })),
    kind("graph", graphs),
    kind("graphs", fc.array(graphs, { maxLength: 2 })),
  );
};

const nodesOf = (graphs: fc.Arbitrary<Graph>): fc.Arbitrary<Node> =>
  fc
    .record({
      op: names,
      domain: fc.constantFrom("", "com.example"),
      name: fc.oneof(fc.constant(""), names),
      inputs: fc.array(fc.oneof(fc.constant(""), names), { maxLength: 4 }),
      outputs: fc.array(names, { maxLength: 3 }),
      attributes: entries(attributesOf(graphs)),
    })
    .map(({ attributes, ...head }) => {
      const node: Node = {
        ...head,
        attributes: Object.fromEntries(attributes.map(([name, [, value]]) => [name, value])),
      };
      const types = attributes
        .filter(([name, [type, value]]) => attributeType(node.op, name, value) !== type)
        .map(([name, [type]]) => [name, type] as const);
      return types.length === 0 ? node : { ...node, attributeTypes: Object.fromEntries(types) };
    });

const graphsOf = (depth: number): fc.Arbitrary<Graph> =>
  fc.record({
    name: names,
    inputs: infos,
    outputs: infos,
    initializers: entries(tensors).map((items) => new Map(items)),
    nodes: depth === 0 ? fc.constant([]) : fc.array(nodesOf(graphsOf(depth - 1)), { maxLength: 3 }),
    values: entries(types).map((items) => new Map(items)),
  });

/** Any model the types allow, sound or not. */
export const models: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.nat(),
  opsets: entries(fc.nat()).map((items) => Object.fromEntries([["", 17], ...items])),
  producerName: fc.string({ unit: "grapheme" }),
  producerVersion: fc.string(),
  docString: fc.string({ unit: "grapheme", maxLength: 300 }),
  metadata: entries(fc.string({ unit: "grapheme" })).map((items) => Object.fromEntries(items)),
  graph: graphsOf(2),
});
