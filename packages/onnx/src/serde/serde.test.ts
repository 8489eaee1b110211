import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { dtypes, models, tensorOf } from "../../test/arbitrary-model.ts";
import {
  type Attribute,
  type Attributes,
  type AttributeType,
  DecodeError,
  decodeModel,
  decodeTensor,
  EncodeError,
  encodeModel,
  encodeTensor,
  float32,
  type Graph,
  int64,
  type Model,
  modelOf,
  type Node,
  numbersOf,
  type Tensor,
} from "../index.ts";

const graphOf = (fields: Partial<Graph> = {}): Graph => ({
  name: "g",
  inputs: [],
  outputs: [],
  initializers: new Map(),
  nodes: [],
  values: new Map(),
  ...fields,
});

const withAttributes = (attributes: Attributes, op = "Op", attributeTypes?: Node["attributeTypes"]): Model =>
  modelOf(
    graphOf({
      nodes: [
        {
          op,
          domain: "",
          name: "n",
          inputs: [],
          outputs: ["y"],
          attributes,
          ...(attributeTypes && { attributeTypes }),
        },
      ],
    }),
  );

const uint8 = (length: number): Tensor => ({
  dtype: "uint8",
  shape: [length],
  data: Uint8Array.from({ length }, (_, i) => i),
});

/** An attribute as the independent decoder reads it. */
const writtenAttribute = (name: string, value: Attribute, op?: string) =>
  onnx.ModelProto.decode(encodeModel(withAttributes({ [name]: value }, op))).graph!.node![0]!.attribute![0]!;

describe("encodeModel and decodeModel", () => {
  it("give back any model", () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(decodeModel(encodeModel(model))).toEqual(model);
      }),
      { numRuns: 300 },
    );
  });

  it("give equal bytes for equal models", () => {
    fc.assert(
      fc.property(models, (model) => {
        const bytes = encodeModel(model);
        expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
      }),
      { numRuns: 100 },
    );
  });

  it("read Node's Buffers and views into larger memory, and keep neither alive", () => {
    const model = modelOf(graphOf({ initializers: new Map([["w", float32([2], [1, 2])]]) }));
    const bytes = encodeModel(model);
    const shifted = new Uint8Array(bytes.length + 7).subarray(3, 3 + bytes.length);
    shifted.set(bytes);
    for (const source of [Buffer.from(bytes), shifted]) {
      const decoded = decodeModel(source);
      source.fill(0);
      expect(decoded).toEqual(model);
      expect(decoded.graph.initializers.get("w")!.data).toHaveProperty("buffer.byteLength", 8);
    }
  });

  it("take 2⁶³ for 2⁶³ − 1, the end of everything, and keep −2⁶³", () => {
    const model = withAttributes({ end: 2 ** 63, ends: [-(2 ** 63), 2 ** 63, -1] });
    const [end, ends] = onnx.ModelProto.decode(encodeModel(model)).graph!.node![0]!.attribute!;
    expect(String(end!.i)).toBe("9223372036854775807");
    expect(ends!.ints!.map(String)).toEqual(["-9223372036854775808", "9223372036854775807", "-1"]);
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it("keep negative zero, infinities and NaN", () => {
    const model = withAttributes({ alpha: -0, beta: Number.NEGATIVE_INFINITY, gamma: Number.NaN });
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it("refuse a fraction where an int is written", () => {
    const model = withAttributes({ axis: 1.5 }, "Concat", { axis: "int" });
    expect(() => encodeModel(model)).toThrow(EncodeError);
    expect(() => encodeModel(model)).toThrow(/Concat "n": attribute "axis" is of type int, found 1.5/);
  });

  it("keep thousands of nodes, past every seam of the writer's memory", () => {
    const nodes = Array.from({ length: 5000 }, (_, i) => ({
      op: "Concat",
      domain: "",
      name: "n".repeat(i % 97),
      inputs: [`x${i}`, `\u00e9${i % 7}`],
      outputs: [`y${i}`],
      attributes: { axis: i * 1000, alpha: i / 2, pads: [i, -1 - i] },
    }));
    const model = modelOf(
      graphOf({ nodes, initializers: new Map([4095, 4096, 65_536, 70_000].map((n) => [`w${n}`, uint8(n)])) }),
    );
    const bytes = encodeModel(model);
    expect(bytes.length).toBeGreaterThan(300_000);
    expect(decodeModel(bytes)).toEqual(model);
    expectSameGraph(onnx.ModelProto.decode(bytes).graph!, model.graph);
  });

  it("merge ONNX's two names for its own domain", () => {
    const model = withAttributes({});
    const [node] = model.graph.nodes;
    const aliased = {
      ...model,
      opsets: { "ai.onnx": 17 },
      graph: graphOf({ nodes: [{ ...node!, domain: "ai.onnx" }] }),
    };
    expect(decodeModel(encodeModel(aliased))).toEqual(model);
  });
});

describe("the type of an attribute", () => {
  it.each<[string, string, Attribute, AttributeType]>([
    ["LeakyRelu", "alpha", 1, "float"],
    ["Dropout", "seed", 1, "int"],
    ["RandomNormalLike", "seed", 1, "float"],
    ["Upsample", "scales", [1, 2], "floats"],
    ["Pad", "value", 0, "float"],
    ["Constant", "value", float32([], [1]), "tensor"],
    ["Concat", "axis", 1, "int"],
    ["Custom", "fraction", 0.5, "float"],
    ["Conv", "pads", [0, 0], "ints"],
    ["Conv", "pads", [], "ints"],
    ["Constant", "value_floats", [], "floats"],
    ["Conv", "auto_pad", "VALID", "string"],
    ["Constant", "value_strings", ["a"], "strings"],
  ])("of %s.%s is as the specification says", (op, name, value, type) => {
    const written = writtenAttribute(name, value, op);
    expect(onnx.AttributeProto.AttributeType[written.type!]).toBe(type.toUpperCase());
  });
});

describe("an independent decoder", () => {
  it.each(dtypes)("reads a %s tensor with the same content", (dtype) => {
    fc.assert(
      fc.property(tensorOf(dtype), (tensor) => {
        const proto = onnx.TensorProto.decode(encodeTensor(tensor, "t"));
        expect(proto.name).toBe("t");
        expect(onnx.TensorProto.DataType[proto.dataType!]).toBe(
          ({ float32: "FLOAT", float64: "DOUBLE" } as Record<string, string>)[dtype] ?? dtype.toUpperCase(),
        );
        expect(proto.dims!.map(Number)).toEqual(tensor.shape);
        if (tensor.dtype === "string") {
          expect(proto.stringData!.map((bytes) => Buffer.from(bytes).toString("utf8"))).toEqual(tensor.data);
        } else {
          const { buffer, byteOffset, byteLength } = tensor.data;
          expect(Buffer.from(proto.rawData!)).toEqual(Buffer.from(buffer, byteOffset, byteLength));
        }
        expect(decodeTensor(encodeTensor(tensor, "t"))).toEqual({ ...tensor, name: "t" });
      }),
      { numRuns: 25 },
    );
  });

  it("reads the whole model with the same content", () => {
    fc.assert(
      fc.property(models, (model) => {
        const proto = onnx.ModelProto.decode(encodeModel(model));
        expect(Number(proto.irVersion)).toBe(model.irVersion);
        expect(proto.opsetImport!.map(({ domain, version }) => [domain, Number(version)])).toEqual(
          Object.entries(model.opsets),
        );
        expect(proto.metadataProps!.map(({ key, value }) => [key, value])).toEqual(Object.entries(model.metadata));
        expect(proto.producerName).toBe(model.producerName);
        expect(proto.docString).toBe(model.docString);
        expectSameGraph(proto.graph!, model.graph);
      }),
      { numRuns: 100 },
    );
  });
});

function expectSameGraph(proto: onnx.IGraphProto, graph: Graph): void {
  expect(proto.name).toBe(graph.name);
  const typeOf = ({ type }: onnx.IValueInfoProto) => type!.tensorType!;
  for (const [written, expected] of [
    [proto.input!, graph.inputs],
    [proto.output!, graph.outputs],
    [proto.valueInfo!, Array.from(graph.values, ([name, type]) => ({ name, ...type }))],
  ] as const) {
    expect(written.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    expect(written.map((info) => typeOf(info).shape?.dim?.map((dim) => dim.dimParam || Number(dim.dimValue)))).toEqual(
      expected.map(({ shape }) => shape),
    );
  }
  expect(proto.initializer!.map(({ name }) => name)).toEqual([...graph.initializers.keys()]);
  expect(proto.node!.map(({ opType, domain, name, input, output }) => [opType, domain, name, input, output])).toEqual(
    graph.nodes.map(({ op, domain, name, inputs, outputs }) => [op, domain, name, inputs, outputs]),
  );
  for (const [index, { attributes }] of graph.nodes.entries())
    for (const { name, ...written } of proto.node![index]!.attribute!) expectSameAttribute(written, attributes[name!]!);
}

function expectSameAttribute(proto: onnx.IAttributeProto, value: Attribute): void {
  const A = onnx.AttributeProto.AttributeType;
  if (proto.type === A.GRAPH) expectSameGraph(proto.g!, value as Graph);
  else if (proto.type === A.GRAPHS)
    for (const [i, graph] of proto.graphs!.entries()) expectSameGraph(graph, (value as readonly Graph[])[i]!);
  else if (proto.type === A.TENSOR) expect(proto.t!.dims!.map(Number)).toEqual((value as Tensor).shape);
  else expect(plainContent(proto)).toEqual(value instanceof Uint8Array ? Buffer.from(value) : value);
}

function plainContent({ type, ...proto }: onnx.IAttributeProto): unknown {
  const A = onnx.AttributeProto.AttributeType;
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  switch (type) {
    case A.INT:
      return Number(proto.i);
    case A.INTS:
      return proto.ints!.map(Number);
    case A.FLOAT:
      return proto.f;
    case A.FLOATS:
      return proto.floats;
    case A.STRING:
      return isUtf8(proto.s!) ? text(proto.s!) : Buffer.from(proto.s!);
    case A.STRINGS:
      return proto.strings!.map(text);
    default:
      throw new Error(`bug: attribute type ${type}`);
  }
}

/** Bytes that another writer made. */
const foreign = (graph: onnx.IGraphProto, model: onnx.IModelProto = {}): Uint8Array =>
  onnx.ModelProto.encode({ irVersion: 8, opsetImport: [{ version: 17 }], ...model, graph }).finish();

describe("decodeModel on files of others", () => {
  const T = onnx.TensorProto.DataType;

  it.each<[string, onnx.ITensorProto, number[]]>([
    ["floatData", { dataType: T.FLOAT, floatData: [1.5, -2] }, [1.5, -2]],
    ["doubleData", { dataType: T.DOUBLE, doubleData: [0.1, -2] }, [0.1, -2]],
    ["int64Data", { dataType: T.INT64, int64Data: [-1, 2] }, [-1, 2]],
    ["uint64Data", { dataType: T.UINT64, uint64Data: [1, 2] }, [1, 2]],
    ["uint64Data of uint32", { dataType: T.UINT32, uint64Data: [1, 4294967295] }, [1, 4294967295]],
    ["int32Data", { dataType: T.INT32, int32Data: [-1, 2] }, [-1, 2]],
    ["int32Data of int8", { dataType: T.INT8, int32Data: [-128, 127] }, [-128, 127]],
    ["int32Data of uint16", { dataType: T.UINT16, int32Data: [0, 65535] }, [0, 65535]],
    ["int32Data of bool", { dataType: T.BOOL, int32Data: [0, 1] }, [0, 1]],
  ])("reads tensors held in %s", (_, tensor, values) => {
    const bytes = onnx.TensorProto.encode({ name: "t", dims: [2], ...tensor }).finish();
    expect(numbersOf(decodeTensor(bytes))).toEqual(values);
  });

  it("reads 16-bit floats held in int32Data as their bits", () => {
    const bytes = onnx.TensorProto.encode({ dims: [1], dataType: T.FLOAT16, int32Data: [0x3c00] }).finish();
    expect(decodeTensor(bytes).data).toEqual(Uint16Array.of(0x3c00));
  });

  it("names every dimension that is not known", () => {
    const dim = [{}, { dimParam: "" }, { dimValue: -1 }, { dimParam: "n" }, { dimValue: 0 }];
    const input = [{ name: "x", type: { tensorType: { elemType: T.FLOAT, shape: { dim } } } }];
    expect(decodeModel(foreign({ input })).graph.inputs).toEqual([
      { name: "x", dtype: "float32", shape: ["x_dim0", "x_dim1", "x_dim2", "n", 0] },
    ]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing at all", new Uint8Array(), /there is no graph/],
    ["text", Buffer.from("not a model"), /not an ONNX model/],
    ["functions", foreign({}, { functions: [{ name: "f" }] }), /1 functions of its own/],
    ["sparse initializers", foreign({ name: "s", sparseInitializer: [{}] }), /"s" has sparse initializers/],
    ["values without a type", foreign({ output: [{ name: "y" }] }), /"y" has no type/],
    ["sequences", foreign({ input: [{ name: "x", type: { sequenceType: {} } }] }), /"x" is not a tensor/],
    ["complex numbers", foreign({ initializer: [{ name: "c", dataType: T.COMPLEX64 }] }), /"c".*COMPLEX64/],
    ["external data", foreign({ initializer: [{ name: "e", dataType: T.FLOAT, dataLocation: 1 }] }), /another file/],
    ["too few elements", foreign({ initializer: [{ name: "w", dataType: T.FLOAT, dims: [2 ** 40] }] }), /found 0/],
    ["negative extents", foreign({ initializer: [{ name: "w", dataType: T.FLOAT, dims: [-1, -1] }] }), /-1, -1/],
    ["half an element", foreign({ initializer: [{ dataType: T.FLOAT, rawData: Buffer.of(1, 2) }] }), /2 bytes/],
    [
      "an initializer twice",
      foreign({ initializer: [1, 1].map(() => ({ name: "w", dataType: T.FLOAT, dims: [0] })) }),
      /"w" is there twice/,
    ],
    [
      "an attribute without its value",
      foreign({ node: [{ name: "n", opType: "If", attribute: [{ name: "then", type: 5 }] }] }),
      /If "n": attribute "then" has no value/,
    ],
    [
      "an attribute without a type",
      foreign({ node: [{ name: "n", opType: "If", attribute: [{ name: "a" }] }] }),
      /type UNDEFINED/,
    ],
    [
      "strings that are not UTF-8",
      foreign({ initializer: [{ name: "s", dataType: T.STRING, dims: [1], stringData: [Buffer.of(0xff)] }] }),
      /not UTF-8/,
    ],
  ])("refuses %s with the place", (_, bytes, message) => {
    expect(() => decodeModel(bytes)).toThrow(DecodeError);
    expect(() => decodeModel(bytes)).toThrow(message);
  });

  it("refuses graphs nested without end", () => {
    let graph: onnx.IGraphProto = { name: "innermost" };
    for (let depth = 0; depth < 2000; depth++)
      graph = { node: [{ opType: "If", attribute: [{ name: "then_branch", type: 5, g: graph }] }] };
    expect(() => decodeModel(foreign(graph))).toThrow(DecodeError);
  });
});

describe("decodeModel on damaged bytes", () => {
  /** One change that transmission, truncation or malice makes. */
  const damage = fc.oneof(
    fc.record({ kind: fc.constant("cut" as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({
      kind: fc.constant("overwrite" as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        // The longest varints: declared lengths and extents of 2³² − 1 and 2⁶³ − 1.
        fc.constantFrom(
          Uint8Array.of(255, 255, 255, 255, 15),
          Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 127),
        ),
      ),
    }),
    fc.record({
      kind: fc.constant("insert" as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    }),
  );

  function damaged(bytes: Uint8Array, changes: readonly (typeof damage extends fc.Arbitrary<infer T> ? T : never)[]) {
    let result = bytes;
    for (const change of changes) {
      const at = Math.floor(change.at * result.length);
      if (change.kind === "cut") result = result.slice(0, at);
      else {
        const resume = at + (change.kind === "overwrite" ? change.bytes.length : 0);
        result = Buffer.concat([result.slice(0, at), change.bytes, result.slice(resume)]);
      }
    }
    return result;
  }

  it("either reads a model that it can write, or throws DecodeError", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        models,
        fc.array(fc.array(damage, { minLength: 1, maxLength: 3 }), { minLength: 10, maxLength: 10 }),
        (model, plans) => {
          const bytes = encodeModel(model);
          for (const plan of plans) {
            let read: Model;
            try {
              read = decodeModel(damaged(bytes, plan));
            } catch (error) {
              expect(error).toBeInstanceOf(DecodeError);
              refused++;
              continue;
            }
            expect(decodeModel(encodeModel(read))).toEqual(read);
          }
        },
      ),
      { numRuns: 300 },
    );
    // Of 3,000: else nothing was damaged enough to matter.
    expect(refused).toBeGreaterThan(500);
  });
});

it("writes and reads 25 MB in well under 150 ms each", () => {
  const weights = Array.from(
    { length: 4 },
    (_, i) => [`w${i}`, float32([1250, 1250], new Float32Array(1250 ** 2))] as const,
  );
  const model = modelOf(graphOf({ initializers: new Map(weights) }));
  const runs = Array.from({ length: 5 }, () => {
    const started = performance.now();
    const bytes = encodeModel(model);
    const written = performance.now();
    decodeModel(bytes);
    return { write: written - started, read: performance.now() - written };
  });
  // Measured: 12 ms and 8 ms; the best of a few is what a busy machine can show.
  expect(Math.min(...runs.map(({ write }) => write))).toBeLessThan(150);
  expect(Math.min(...runs.map(({ read }) => read))).toBeLessThan(150);
});

describe("numbers", () => {
  it("int64 takes numbers past its ends for the ends", () => {
    expect(int64([3], [2 ** 63, -(2 ** 64), 5]).data).toEqual(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 5n));
  });
});
