import { checkModel } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { type Build, convert, expectConverts, opsOf, runOnnx, TestGraph } from "../testing.ts";

type G = TestGraph;

const F = "DT_FLOAT";
const I = "DT_INT32";

/** A function of the library: what `build` makes of its arguments. Its constants are the model's. */
function define(
  g: G,
  name: string,
  args: readonly string[],
  build: (f: TestGraph, ...args: readonly string[]) => readonly string[],
): string {
  const f = new TestGraph({ prefix: `${name}_`, constants: g.constants });
  const names = args.map((_, i) => `${name}_arg${i}`);
  const results = build(f, ...names);
  g.functions.push({
    signature: {
      name,
      inputArg: names.map((arg, i) => ({ name: arg, type: args[i]! })),
      outputArg: results.map((_, i) => ({ name: `out${i}`, type: "DT_FLOAT" })),
    },
    nodeDef: f.nodes,
    ret: Object.fromEntries(results.map((result, i) => [`out${i}`, result.includes(":") ? result : `${result}:out:0`])),
  });
  return name;
}

const func = (name: string): object => ({ func: { name } });

const all = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => (i ? `${name}:${i}` : name));

/** If, with a condition that is fed. */
const conditional =
  (taken: boolean, op = "StatelessIf"): Build =>
  (g) => {
    const yes = define(g, "yes", [F, F], (f, a, b) => [f.op("Add", [a!, f.const([3])]), b!]);
    const no = define(g, "no", [F, F], (f, a) => [f.op("Mul", [a!, a!]), f.const([2, 3])]);
    const condition = g.input([], { dtype: "bool", data: [Number(taken)] });
    const node = g.op(op, [condition, g.input([2, 3]), g.input([2, 3])], {
      then_branch: func(yes),
      else_branch: func(no),
    });
    return all(node, 2);
  };

/** Doubles x until it counted to five. */
const counting =
  (op: string): Build =>
  (g) => {
    const cond = define(g, "cond", [I, F, F], (f, i) => [f.op("Less", [i!, f.int(5)])]);
    const body = define(g, "body", [I, F, F], (f, i, x, w) => [
      f.op("AddV2", [i!, f.int(1)]),
      f.op("Tanh", [f.op("MatMul", [x!, w!], { transpose_a: false, transpose_b: false })]),
      f.op("Identity", [w!]),
    ]);
    const node = g.op(op, [g.int(0), g.input([2, 3]), g.const([3, 3])], { cond: func(cond), body: func(body) });
    return all(node, 3);
  };

const FUNCTIONAL: Readonly<Record<string, Build>> = {
  "If taken": conditional(true),
  "If not taken": conditional(false, "If"),
  "If with branches of different extents": (g) => {
    const yes = define(g, "yes", [F], (f, a) => [f.op("ConcatV2", [a!, a!, f.int(0)], { N: 2 })]);
    const no = define(g, "no", [F], (f, a) => [f.op("Neg", [a!])]);
    const condition = g.input([], { dtype: "bool", data: [1] });
    return g.op("If", [condition, g.input([2, 3])], { then_branch: func(yes), else_branch: func(no) });
  },
  While: counting("While"),
  StatelessWhile: counting("StatelessWhile"),
  "While that does not run": (g) => {
    const cond = define(g, "cond", [I, F], (f, i) => [f.op("Less", [i!, f.int(5)])]);
    const body = define(g, "body", [I, F], (f, i, x) => [f.op("Add", [i!, f.int(1)]), f.op("Neg", [x!])]);
    return all(g.op("While", [g.int(9), g.input([2])], { cond: func(cond), body: func(body) }), 2);
  },
  "While that grows": (g) => {
    const cond = define(g, "cond", [I, F], (f, i) => [f.op("Less", [i!, f.int(3)])]);
    const body = define(g, "body", [I, F], (f, i, x) => [
      f.op("Add", [i!, f.int(1)]),
      f.op("ConcatV2", [x!, x!, f.int(0)], { N: 2 }),
    ]);
    return `${g.op("While", [g.int(0), g.input([2, 3])], { cond: func(cond), body: func(body) })}:1`;
  },
  "If inside of While": (g) => {
    const yes = define(g, "yes", [F], (f, x) => [f.op("Add", [x!, f.float(1)])]);
    const no = define(g, "no", [F], (f, x) => [f.op("Mul", [x!, f.float(2)])]);
    const cond = define(g, "cond", [I, F], (f, i) => [f.op("Less", [i!, f.int(4)])]);
    const body = define(g, "body", [I, F], (f, i, x) => [
      f.op("Add", [i!, f.int(1)]),
      f.op("If", [f.op("Equal", [f.op("FloorMod", [i!, f.int(2)]), f.int(0)]), x!], {
        then_branch: func(yes),
        else_branch: func(no),
      }),
    ]);
    return all(g.op("While", [g.int(0), g.input([2, 3])], { cond: func(cond), body: func(body) }), 2);
  },
  "While inside of While": (g) => {
    const inner = define(g, "inner_cond", [I, F, F], (f, i) => [f.op("Less", [i!, f.int(2)])]);
    const innerBody = define(g, "inner_body", [I, F, F], (f, i, x, y) => [
      f.op("Add", [i!, f.int(1)]),
      f.op("Mul", [x!, y!]),
      y!,
    ]);
    const cond = define(g, "cond", [I, F, F], (f, i) => [f.op("Less", [i!, f.int(3)])]);
    const body = define(g, "body", [I, F, F], (f, i, x, y) => [
      f.op("Add", [i!, f.int(1)]),
      `${f.op("While", [f.int(0), x!, y!], { cond: func(inner), body: func(innerBody) }, "nested")}:output:1`,
      y!,
    ]);
    return all(g.op("While", [g.int(0), g.input([3]), g.input([3])], { cond: func(cond), body: func(body) }), 3);
  },
};

/** A TensorFlow 1 condition: Switches before, a Merge after. */
const merged =
  (taken: boolean): Build =>
  (g) => {
    const predicate = g.input([], { dtype: "bool", data: [Number(taken)] });
    const x = g.op("Switch", [g.input([2, 3]), predicate]);
    const y = g.op("Switch", [g.input([2, 3]), predicate]);
    const no = g.op("Neg", [x]);
    const yes = g.op("Add", [`${x}:1`, `${y}:1`]);
    return g.op("Merge", [no, yes], { N: 2 });
  };

interface Variable {
  readonly gate: string;
  readonly exit: string;
  readonly value: string;
}

/** A TensorFlow 1 loop: `next` computes the variables' next values. */
function frame(
  g: G,
  initial: readonly string[],
  constants: readonly string[],
  until: (g: G, merged: readonly string[], constants: readonly string[]) => string,
  next: (g: G, values: readonly string[], constants: readonly string[]) => readonly string[],
  name = "loop",
): readonly Variable[] {
  const enters = initial.map((x) => g.op("Enter", [x], { frame_name: name, is_constant: false }));
  const kept = constants.map((x) => g.op("Enter", [x], { frame_name: name, is_constant: true }));
  const merges = enters.map((enter, i) => g.op("Merge", [enter, `${name}_next${i}`], { N: 2 }));
  const condition = g.op("LoopCond", [until(g, merges, kept)]);
  const gates = merges.map((merge) => g.op("Switch", [merge, condition]));
  const values = gates.map((gate) => g.op("Identity", [`${gate}:1`]));
  for (const [i, value] of next(g, values, kept).entries()) g.op("NextIteration", [value], {}, `${name}_next${i}`);
  return gates.map((gate, i) => ({ gate, exit: g.op("Exit", [gate]), value: values[i]! }));
}

const V1: Readonly<Record<string, Build>> = {
  "Switch, Merge, taken": merged(true),
  "Switch, Merge, not taken": merged(false),
  "a loop": (g) =>
    frame(
      g,
      [g.int(0), g.input([2, 3])],
      [g.const([3, 3])],
      (g, [i]) => g.op("Less", [i!, g.int(4)]),
      (g, [i, x], [w]) => [
        g.op("Add", [i!, g.int(1)]),
        g.op("MatMul", [x!, w!], { transpose_a: false, transpose_b: false }),
      ],
    ).map(({ exit }) => exit),
  "a loop that asks a value": (g) =>
    frame(
      g,
      [g.input([1], { data: [1] })],
      [g.input([1], { data: [40] })],
      (g, [x], [limit]) => g.op("All", [g.op("Less", [x!, limit!]), g.ints([0])]),
      (g, [x]) => [g.op("Mul", [x!, g.float(3)])],
    ).map(({ exit }) => exit),
  "a condition inside of a loop": (g) =>
    frame(
      g,
      [g.int(0), g.input([2, 3])],
      [],
      (g, [i]) => g.op("Less", [i!, g.int(4)]),
      (g, [i, x]) => {
        const even = g.op("Equal", [g.op("FloorMod", [i!, g.int(2)]), g.int(0)]);
        const gate = g.op("Switch", [x!, even]);
        const either = g.op("Merge", [g.op("Neg", [gate]), g.op("Add", [`${gate}:1`, g.float(1)])], { N: 2 });
        return [g.op("Add", [i!, g.int(1)]), either];
      },
    ).map(({ exit }) => exit),
  "a loop inside of a loop": (g) =>
    frame(
      g,
      [g.int(0), g.input([2, 3])],
      [],
      (g, [i]) => g.op("Less", [i!, g.int(3)]),
      (g, [i, x]) => {
        const inner = frame(
          g,
          [g.op("Sub", [i!, i!]), x!],
          [i!],
          (g, [j], [i]) => g.op("LessEqual", [j!, i!]),
          (g, [j, y]) => [g.op("Add", [j!, g.int(1)]), g.op("Mul", [y!, g.float(1.5)])],
          "inner",
        );
        return [g.op("Add", [i!, g.int(1)]), inner[1]!.exit];
      },
    ).map(({ exit }) => exit),
};

/** Writes a row for each step of x into a list, and stacks them. */
const listing =
  (shape: (g: G) => string): Build =>
  (g) => {
    const x = g.input([4, 2, 3], { open: [1] });
    const list = g.op("TensorListReserve", [shape(g), g.int(4)], { element_dtype: F });
    const cond = define(g, "cond", [I, "DT_VARIANT", "DT_VARIANT", F], (f, i) => [f.op("Less", [i!, f.int(4)])]);
    const body = define(g, "body", [I, "DT_VARIANT", "DT_VARIANT", F], (f, i, out, from, state) => {
      const row = f.op("TensorListGetItem", [from!, i!, f.ints([-1, 3])], { element_dtype: F });
      const next = f.op("Tanh", [f.op("Add", [row, state!])]);
      return [
        f.op("AddV2", [i!, f.int(1)]),
        f.op("TensorListSetItem", [out!, i!, next], { element_dtype: F }),
        from!,
        next,
      ];
    });
    const rows = g.op("TensorListFromTensor", [x, g.ints([-1, 3])], { element_dtype: F });
    const node = g.op("While", [g.int(0), list, rows, g.op("ZerosLike", [g.op("Gather", [x, g.int(0)])])], {
      cond: func(cond),
      body: func(body),
    });
    return [g.op("TensorListStack", [`${node}:1`, g.ints([-1, 3])], { element_dtype: F }), `${node}:3`];
  };

const LISTS: Readonly<Record<string, Build>> = {
  "lists of known elements": listing((g) => g.ints([2, 3])),
  "lists of elements partly known": listing((g) => g.ints([-1, 3])),
  "lists of elements not known": listing((g) => g.int(-1)),
  "TensorListGather, TensorListLength": (g) => {
    const list = g.op("TensorListFromTensor", [g.input([4, 3]), g.ints([3])], { element_dtype: F });
    return [
      g.op("TensorListGather", [list, g.ints([2, 0]), g.ints([3])], { element_dtype: F }),
      g.op("TensorListLength", [list]),
    ];
  },
  TensorListScatterV2: (g) => {
    const list = g.op("TensorListScatterV2", [g.input([3, 2]), g.ints([2, 0, 1]), g.ints([2]), g.int(-1)], {
      element_dtype: F,
    });
    return g.op("TensorListStack", [list, g.ints([2])], { element_dtype: F });
  },
  TensorListSplit: (g) => {
    const list = g.op("TensorListSplit", [g.input([3, 2]), g.ints([2]), g.ints([1, 1, 1])], { element_dtype: F });
    return g.op("TensorListStack", [list, g.ints([2])], { element_dtype: F });
  },
  TensorListResize: (g) => {
    const list = g.op("TensorListFromTensor", [g.input([4, 3]), g.ints([3])], { element_dtype: F });
    const short = g.op("TensorListResize", [list, g.int(2)]);
    return g.op("TensorListStack", [short, g.ints([3])], { element_dtype: F });
  },
  "TensorArraySplitV3, TensorArrayConcatV3": (g) => {
    const array = g.op("TensorArrayV3", [g.int(2)], {
      dtype: F,
      element_shape: { shape: { dim: [{ size: 2 }, { size: 3 }] } },
      dynamic_size: false,
      identical_element_shapes: true,
      tensor_array_name: "a",
    });
    const flow = g.op("TensorArraySplitV3", [array, g.input([4, 3]), g.ints([2, 2]), `${array}:1`], { T: F });
    return g.op("TensorArrayConcatV3", [array, flow], { dtype: F });
  },
  TensorListScatter: (g) => {
    const list = g.op("TensorListScatter", [g.input([3, 2]), g.ints([2, 0, 1]), g.ints([2])], { element_dtype: F });
    return g.op("TensorListStack", [list, g.ints([2])], { element_dtype: F });
  },
  TensorListConcat: (g) => {
    const list = g.op("TensorListFromTensor", [g.input([4, 3, 2], { open: [0] }), g.ints([3, 2])], {
      element_dtype: F,
    });
    return g.op("TensorListConcat", [list], {
      element_dtype: F,
      element_shape: { shape: { dim: [{ size: 3 }, { size: 2 }] } },
    });
  },
  TensorListConcatV2: (g) => {
    const list = g.op("TensorListFromTensor", [g.input([4, 3, 2]), g.ints([3, 2])], { element_dtype: F });
    return g.op("TensorListConcatV2", [list], {
      element_dtype: F,
      element_shape: { shape: { dim: [{ size: 3 }, { size: 2 }] } },
    });
  },
  TensorListPushBack: (g) => {
    const empty = g.op("EmptyTensorList", [g.ints([3]), g.int(-1)], { element_dtype: F });
    const one = g.op("TensorListPushBack", [empty, g.input([3])], { element_dtype: F });
    const two = g.op("TensorListPushBack", [one, g.input([3])], { element_dtype: F });
    return g.op("TensorListStack", [two, g.ints([3])], { element_dtype: F });
  },
  "TensorArray in a loop": (g) => {
    const array = g.op("TensorArrayV3", [g.int(3)], {
      dtype: F,
      element_shape: { shape: { unknownRank: true } },
      dynamic_size: false,
      clear_after_read: true,
      identical_element_shapes: true,
      tensor_array_name: "a",
    });
    const from = g.op("TensorArrayV3", [g.int(3)], {
      dtype: F,
      element_shape: { shape: { dim: [{ size: 2 }] } },
      dynamic_size: false,
      clear_after_read: true,
      identical_element_shapes: true,
      tensor_array_name: "b",
    });
    const filled = g.op("TensorArrayScatterV3", [from, g.ints([0, 1, 2]), g.input([3, 2]), `${from}:1`], { T: F });
    const [, flow] = frame(
      g,
      [g.int(0), `${array}:1`],
      [array, from, filled],
      (g, [i]) => g.op("Less", [i!, g.int(3)]),
      (g, [i, flow], [array, from, filled]) => {
        const row = g.op("TensorArrayReadV3", [from!, i!, filled!], { dtype: F });
        const value = g.op("Mul", [row, g.op("Cast", [i!], { DstT: F })]);
        return [g.op("Add", [i!, g.int(1)]), g.op("TensorArrayWriteV3", [array!, i!, value, flow!], { T: F })];
      },
    );
    const size = g.op("TensorArraySizeV3", [array, flow!.exit]);
    const range = g.op("Range", [g.int(0), size, g.int(1)], { Tidx: I });
    return g.op("TensorArrayGatherV3", [array, range, flow!.exit], {
      dtype: F,
      element_shape: { shape: { dim: [{ size: 2 }] } },
    });
  },
};

for (const [family, cases] of Object.entries({ functional: FUNCTIONAL, "TensorFlow 1's": V1, lists: LISTS }))
  describe(`control flow, ${family}, answers as in TF.js`, () => {
    for (const [name, build] of Object.entries(cases)) it(name, async () => void (await expectConverts(build)));
  });

it("a branch that is known when converting stands alone", async () => {
  const model = await expectConverts((g) => {
    const yes = define(g, "yes", [F], (f, x) => [f.op("Relu", [x!])]);
    const no = define(g, "no", [F], (f, x) => [f.op("Neg", [x!])]);
    return g.op("If", [g.const([], [0], "bool"), g.input([2])], { then_branch: func(yes), else_branch: func(no) });
  });
  expect(opsOf(model)).toEqual(["Neg"]);
});

it("a loop reads its weights where they are", async () => {
  const model = await expectConverts(counting("While"));
  expect(opsOf(model).filter((op) => op === "Loop")).toHaveLength(1);
  expect(model.graph.nodes.find(({ op }) => op === "Loop")!.inputs).toHaveLength(4);
});

it("a list's elements may have an extent that only the body computes, of which TF.js's While loses hold", async () => {
  const graph = new TestGraph();
  const list = graph.op("TensorListReserve", [graph.int(-1), graph.int(3)], { element_dtype: F });
  const cond = define(graph, "cond", [I, "DT_VARIANT", F], (f, i) => [f.op("Less", [i!, f.int(3)])]);
  const body = define(graph, "body", [I, "DT_VARIANT", F], (f, i, out, x) => {
    const count = f.op("Cast", [f.op("Max", [x!, f.ints([0])], { keep_dims: false })], { DstT: I });
    const part = f.op("Fill", [f.op("Pack", [count], { axis: 0 }), f.op("Cast", [i!], { DstT: F })], { T: F });
    return [f.op("AddV2", [i!, f.int(1)]), f.op("TensorListSetItem", [out!, i!, part], { element_dtype: F }), x!];
  });
  const x = graph.input([2], { data: [2.5, 1] });
  const loop = graph.op("While", [graph.int(0), list, x], { cond: func(cond), body: func(body) });
  const model = convert(graph, [graph.op("TensorListStack", [`${loop}:1`, graph.int(-1)], { element_dtype: F })]);
  checkModel(model);
  expect(await runOnnx(model, graph.feeds)).toEqual([{ dtype: "float32", shape: [3, 2], data: [0, 0, 1, 1, 2, 2] }]);
});
