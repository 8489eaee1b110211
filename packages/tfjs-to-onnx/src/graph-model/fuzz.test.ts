import { sizeOf, type Tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import { expect, it } from "vitest";
import { TfjsError } from "../errors.ts";
import { weightsFromBytes } from "../weights.ts";
import { graphFromGraphModel } from "./convert-graph.ts";
import { TestGraph } from "./testing.ts";

const same = { padding: "SAME", strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1] };

/** An image model: convolutions, pools, padding, a flattened head. */
function pictures(g: TestGraph): string[] {
  const x = g.input([1, 6, 7, 3], { open: [0] });
  const scaled = g.op("Sub", [g.op("Mul", [x, g.float(2)]), g.const([3])]);
  const padded = g.op("Pad", [scaled, g.pairs([0, 0, 1, 1, 1, 1, 0, 0])]);
  const conv = g.op("_FusedConv2D", [padded, g.const([3, 3, 3, 4]), g.const([4])], {
    ...same,
    num_args: 1,
    fused_ops: ["BiasAdd", "Relu6"],
  });
  const deep = g.op("DepthwiseConv2dNative", [conv, g.const([3, 3, 4, 1])], same);
  const norm = g.op("FusedBatchNormV3", [deep, ...[0, 1, 2, 3].map(() => g.const([4], [1, 2, 3, 4]))], {
    epsilon: 0.01,
  });
  const joined = g.op("ConcatV2", [norm, g.op("LeakyRelu", [conv], { alpha: 0.1 }), g.int(3)], { N: 2 });
  const small = g.op("MaxPool", [joined], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "VALID" });
  const large = g.op("ResizeBilinear", [small, g.ints([5, 6])], { align_corners: false, half_pixel_centers: true });
  const flat = g.op("Reshape", [large, g.ints([-1, 240])]);
  const head = g.op("_FusedMatMul", [flat, g.const([240, 3]), g.const([3])], { num_args: 1, fused_ops: ["BiasAdd"] });
  return [g.op("Softmax", [head]), g.op("Mean", [norm, g.ints([1, 2])], { keep_dims: false })];
}

/** A model that computes shapes, slices, gathers and selects. */
function shapes(g: TestGraph): string[] {
  const x = g.input([2, 3, 4], { open: [0, 1] });
  const dims = g.op("Unpack", [g.op("Shape", [x])], { num: 3, axis: 0 });
  const target = g.op("Pack", [g.op("Mul", [dims, `${dims}:1`]), g.int(-1)], { axis: 0 });
  const rows = g.op("Reshape", [x, target]);
  const part = g.op("StridedSlice", [rows, g.ints([0, 1]), g.ints([0, 3]), g.ints([1, 1])], {
    begin_mask: 1,
    end_mask: 1,
  });
  const top = g.op("TopKV2", [part, g.int(1)], { sorted: true });
  const taken = g.op("GatherV2", [rows, g.ints([0, 2]), g.int(1)], { batch_dims: 0 });
  const wide = g.op("Tile", [g.op("ExpandDims", [taken, g.int(0)]), g.ints([2, 1, 1])]);
  const turned = g.op("Transpose", [wide, g.ints([2, 0, 1])]);
  const split = g.op("Split", [g.int(0), turned], { num_split: 2 });
  const chosen = g.op("SelectV2", [g.op("Greater", [split, `${split}:1`]), split, g.op("ZerosLike", [split])]);
  const hot = g.op("OneHot", [`${top}:1`, g.int(3), g.float(1), g.float(0)], { T: "DT_FLOAT" });
  return [g.op("Cumsum", [chosen, g.int(0)], { exclusive: true }), hot, g.op("Where", [part])];
}

/** A loop and a condition, both as functions and as TensorFlow 1 has them. */
function control(g: TestGraph): string[] {
  const f = new TestGraph({ prefix: "f", constants: g.constants });
  const less = f.op("Less", ["i", f.int(3)]);
  const next = f.op("AddV2", ["i", f.int(1)]);
  const doubled = f.op("Mul", ["x", f.float(2)]);
  const args = [
    { name: "i", type: "DT_INT32" },
    { name: "x", type: "DT_FLOAT" },
  ];
  const outputs = args.map(({ type }, i) => ({ name: `o${i}`, type }));
  g.functions.push(
    { signature: { name: "cond", inputArg: args, outputArg: [outputs[0]] }, nodeDef: f.nodes, ret: { o0: less } },
    {
      signature: { name: "body", inputArg: args, outputArg: outputs },
      nodeDef: f.nodes,
      ret: { o0: next, o1: doubled },
    },
  );
  const x = g.input([2, 3]);
  const loop = g.op("While", [g.int(0), x], { cond: { func: { name: "cond" } }, body: { func: { name: "body" } } });
  const condition = g.input([], { dtype: "bool", data: [1] });
  const gate = g.op("Switch", [x, condition]);
  const merge = g.op("Merge", [g.op("Neg", [gate]), g.op("Relu", [`${gate}:1`])], { N: 2 });
  const enter = g.op("Enter", [merge], { frame_name: "w" });
  const again = g.op("Merge", [enter, "next"], { N: 2 });
  const until = g.op("LoopCond", [g.op("All", [g.op("Less", [again, g.float(9)]), g.ints([0, 1])])]);
  const turn = g.op("Switch", [again, until]);
  g.op("NextIteration", [g.op("Add", [`${turn}:1`, g.float(1)])], {}, "next");
  return [`${loop}:1`, g.op("Exit", [turn])];
}

const MODELS = [pictures, shapes, control].map((build) => {
  const graph = new TestGraph();
  const json = graph.json(build(graph));
  const { specs, data } = graph.weights();
  return { json: JSON.parse(JSON.stringify(json)) as unknown, weights: weightsFromBytes(specs, data) };
});

/** What a broken writer, a bad copy or an attacker may put anywhere. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "x",
    "x:1",
    "^x",
    "__proto__",
    "constructor",
    "U0FNRQ==",
    "DT_STRING",
    "Conv2D",
  ),
  fc.constantFrom<unknown>("While", "Merge", "Switch", "Exit", "Const", "Identity", "cond", "body", "next", "Reshape"),
  fc.constantFrom<unknown>(-1, 0, 1, 2, 3, 0.5, 1e9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, "4096", "-2", "1e9"),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    ["x"],
    [null],
    { i: "7" },
    { s: "AAAA" },
    { list: { i: ["0", "0", "0", "0"] } },
  ),
  fc.constantFrom<unknown>(
    { type: "DT_BOOL" },
    { shape: { unknownRank: true } },
    { shape: { dim: [{ size: "1000000000000" }] } },
  ),
  fc.jsonValue(),
  // Wires crossed: the name of another node.
  fc.nat(99).map((place): unknown => ({ nodeAt: place })),
);

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

function nameOf(root: unknown, place: number): string {
  const { modelTopology } = root as { modelTopology?: { node?: readonly { name?: string }[] } };
  const nodes = modelTopology?.node ?? [];
  return Array.isArray(nodes) ? `${nodes[place % nodes.length]?.name}` : "x";
}

/** A copy with one place, found by a walk of the given turns, replaced, removed or doubled. */
function mutate(root: unknown, turns: readonly number[], value: unknown): unknown {
  const copy: Tree = { root: structuredClone(root) };
  let [parent, key] = [copy, "root"];
  for (const turn of turns) {
    const child = parent[key];
    const keys = isTree(child) ? Object.keys(child) : [];
    if (!isTree(child) || keys.length === 0) break;
    [parent, key] = [child, keys[turn % keys.length]!];
  }
  const how = turns[0]! % 7;
  if (how === 0 && Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
  else if (how === 1 && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (how === 1) delete parent[key];
  else parent[key] = isTree(value) && "nodeAt" in value ? nameOf(root, Number(value.nodeAt)) : value;
  return copy.root;
}

/** Most walks lead into a node of the graph, where the most can go wrong. */
const turns = fc.oneof(
  { weight: 1, arbitrary: fc.array(fc.nat(60), { minLength: 1, maxLength: 8 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(fc.nat(60), { minLength: 1, maxLength: 7 }), fc.nat(1))
      .map(([rest, where]) => [2, where, ...rest]),
  },
);

const shape = fc.constantFrom<readonly number[]>([], [0], [1], [2], [2, 2], [3, 1, 2], [1, 1, 1, 1], [0, 4]);

/** Weights one of which has another element or shape, as a writer's mistake may have it. */
function spoil(weights: ReadonlyMap<string, Tensor>, place: number, value: number, shape: readonly number[]) {
  const names = [...weights.keys()];
  const name = names[place % names.length]!;
  const { dtype, shape: before, data } = weights.get(name)!;
  const spoilt = dtype === "float32" ? Float32Array.from(data as Float32Array) : Int32Array.from(data as Int32Array);
  const tensor =
    place % 2 === 0
      ? { dtype, shape: before, data: spoilt.fill(value, 0, 1) }
      : { dtype, shape, data: new (dtype === "float32" ? Float32Array : Int32Array)(sizeOf(shape)).fill(value) };
  return new Map(weights).set(name, (dtype === "bool" ? weights.get(name)! : tensor) as Tensor);
}

it("answers any change of a GraphModel's JSON with a model or an error of its own", { timeout: 120_000 }, () => {
  let [converted, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.nat(MODELS.length - 1),
      fc.array(fc.tuple(turns, junk), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(13, 17, 21),
      fc.option(fc.tuple(fc.nat(60), fc.constantFrom(-1, 0, 1, 2, 7, -5, 1e6, 2 ** 31 - 1, -(2 ** 31)), shape)),
      (i, changes, opset, spoiling) => {
        const { json, weights: whole } = MODELS[i]!;
        const weights = spoiling ? spoil(whole, ...spoiling) : whole;
        const broken = changes.reduce((tree, [path, value]) => mutate(tree, path, value), json);
        try {
          graphFromGraphModel(broken, weights, { opset });
          converted++;
        } catch (error) {
          if (!(error instanceof TfjsError)) throw error;
          expect(error.code).toMatch(/^TFJS_/);
          refused++;
        }
      },
    ),
    { numRuns: 1500, seed: 8 },
  );
  expect(Math.min(converted, refused)).toBeGreaterThan(150);
});
