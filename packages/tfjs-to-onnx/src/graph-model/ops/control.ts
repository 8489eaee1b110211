import type { Attributes, Graph, ValueType } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { common, finish, functionOf, give, heldAs, innerOf, predicate, take } from "../functions.ts";
import type { GraphDef } from "../graph-def.ts";
import { lowerGraph } from "../lower-graph.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";
import { allocated } from "./lists.ts";

/** A branch of If: its graph, what it takes from around it, and what it gives. */
function branch(call: OpCall, key: string): { graph: Graph; taken: readonly string[]; types: readonly ValueType[] } {
  const inner = innerOf(call, key);
  const taken: string[] = [];
  const args = call.inputs.slice(1).map((x) => take(call, inner, x, taken));
  const results = lowerGraph(inner.lowering, functionOf(call, key), args);
  const types = results.map((x) => give(call, inner, x));
  return { graph: finish(inner), taken, types };
}

const If: OpRule = {
  becomes: "If, or the branch alone where the condition is known",
  outputs: ["output"],
  lower: (call) => {
    const known = call.known(0)?.[0];
    if (known !== undefined)
      return lowerGraph(call.lowering, functionOf(call, known ? "then_branch" : "else_branch"), call.inputs.slice(1));
    const condition = predicate(call.g, call.lowering, call.plain(call.input(0)), call.node.name);
    const [yes, no] = [branch(call, "then_branch"), branch(call, "else_branch")];
    if (yes.types.length !== no.types.length) call.fail("Its branches return different numbers of tensors.");
    const types = yes.types.map(
      (type, i) =>
        common(type, no.types[i]!, `${call.node.name}_${i}`) ??
        call.fail(`Its branches return tensors of different type or rank (output ${i}).`),
    );
    if (types.length === 0) return [];
    const attributes: Attributes = { then_branch: yes.graph, else_branch: no.graph };
    // Both branches take the same values, in the same order.
    const names = call.ops("If", [condition, ...yes.taken], attributes, types.length, types);
    return names.map((name, i) => heldAs(name, types[i]!));
  },
};

/** The places of what the body returns as it came in. */
function invariants({ nodes, inputs, outputs }: GraphDef): ReadonlySet<number> {
  const kept = outputs.flatMap(({ from }, i) => {
    let edge = from;
    for (let node = nodes.get(edge.node); node?.op === "Identity" && node.inputs[0]; node = nodes.get(edge.node)) {
      if (inputs.some((port) => port.from.node === edge.node)) break;
      edge = node.inputs[0];
    }
    const origin = inputs[i]?.from;
    return origin && origin.node === edge.node && origin.index === edge.index ? [i] : [];
  });
  return new Set(kept);
}

interface Body {
  readonly graph: Graph;
  readonly taken: readonly string[];
  /** What the loop's variables are after one round. */
  readonly types: readonly ValueType[];
}

function bodyOf(call: OpCall, args: readonly Held[], fixed: ReadonlySet<number>, types: readonly ValueType[]): Body {
  const inner = innerOf(call, "body");
  const { g, lowering } = inner;
  g.input(g.unique("iteration"), "int64", []);
  g.input(g.unique("goes_on"), "bool", []);
  const variables = args.map((x, i): Held | undefined => {
    if (fixed.has(i)) return undefined;
    const list = call.lowering.reserved.get(x.name);
    if (list) return lowering.reserve({ ...list, trial: true });
    const { dtype, shape = [] } = types[i]!;
    return { name: g.input(g.unique(x.name), dtype, shape), perm: identity(shape.length) };
  });
  const taken: string[] = [];
  const values = args.map((x, i) => variables[i] ?? take(call, inner, x, taken));
  const results = lowerGraph(lowering, functionOf(call, "body"), values);
  if (results.length !== args.length) call.fail(`Its body returns ${results.length} of ${args.length} variables.`);
  const next = results.map((x, i) => (fixed.has(i) ? values[i]! : x));
  const trial = next.some((x, i) => lowering.reserved.has(x.name) && !fixed.has(i));
  if (trial) return { graph: g.build(), taken, types: next.map((x) => lowering.g.type(x.name)) };
  const [goesOn] = lowerGraph(lowering, functionOf(call, "cond"), next);
  if (!goesOn) return call.fail("Its condition returns nothing.");
  const name = predicate(g, lowering, lowering.plain(goesOn, call.node.name), call.node.name);
  g.output(name, g.unique(`${call.node.name}/goes_on`));
  const found = next.map((x, i) => (fixed.has(i) ? types[i]! : give(call, inner, x)));
  return { graph: finish(inner), taken, types: found };
}

/** A loop changes the extents of a variable at most that often before none of them is a number any more. */
const MAX_ROUNDS = 16;

const While: OpRule = {
  becomes: "Loop",
  outputs: ["output"],
  lower: (call) => {
    const fixed = invariants(functionOf(call, "body"));
    let args = call.inputs.map((x, i) => (fixed.has(i) || call.lowering.reserved.has(x.name) ? x : call.plain(x)));
    let types = args.map((x) => call.g.type(x.name));
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const body = bodyOf(call, args, fixed, types);
      const lists = args.map((x, i) => !fixed.has(i) && call.lowering.reserved.has(x.name));
      if (lists.some(Boolean)) {
        const made = args.map((x, i) => (lists[i] ? allocated(call, x, body.types[i]!, args) : x));
        // Where that takes what the body computes, it goes round once before the loop, which then does the same anew.
        const once = made.every(Boolean) ? made : lowerGraph(call.lowering, functionOf(call, "body"), args);
        args = args.map((x, i) => (lists[i] ? (made[i] ?? call.plain(once[i]!)) : x));
        types = args.map((x, i) => (lists[i] ? call.g.type(x.name) : types[i]!));
        continue;
      }
      const next = types.map(
        (type, i) =>
          common(type, body.types[i]!, `${call.node.name}_${i}`) ??
          call.fail(`Its body changes the type or rank of variable ${i}.`),
      );
      if (JSON.stringify(next) === JSON.stringify(types)) return loop(call, args, fixed, types, body);
      types = next;
    }
    return call.fail("The shapes of its variables do not settle.");
  },
};

function loop(
  call: OpCall,
  args: readonly Held[],
  fixed: ReadonlySet<number>,
  types: readonly ValueType[],
  { graph, taken }: Body,
): readonly Held[] {
  const [first] = lowerGraph(call.lowering, functionOf(call, "cond"), args);
  if (!first) return call.fail("Its condition returns nothing.");
  const goesOn = predicate(call.g, call.lowering, call.plain(first), call.node.name);
  const places = args.flatMap((_, i) => (fixed.has(i) ? [] : [i]));
  if (places.length === 0) return args;
  const inputs = ["", goesOn, ...places.map((i) => args[i]!.name), ...taken];
  const own = places.map((i) => types[i]!);
  const names = call.ops("Loop", inputs, { body: graph }, own.length, own);
  return args.map((x, i) => (fixed.has(i) ? x : heldAs(names[places.indexOf(i)]!, types[i]!)));
}

/** What is left of TensorFlow 1's control flow after `structure` was not part of a loop or a condition. */
const loose: OpRule = {
  becomes: "part of Loop or If",
  lower: (call) => call.fail("It is not part of a loop or a condition."),
};

/** A Switch that decides what is known when converting. */
const Switch: OpRule = {
  becomes: "part of Loop or If",
  outputs: ["output_false", "output_true"],
  lower: (call) => (call.known(1) ? [call.input(), call.input()] : call.fail("No Merge ends its condition.")),
};

export const CONTROL: OpRules = {
  Enter: loose,
  Exit: loose,
  If,
  LoopCond: loose,
  Merge: loose,
  NextIteration: loose,
  StatelessIf: If,
  StatelessWhile: While,
  Switch,
  While,
};
