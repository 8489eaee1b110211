import type { Held } from "../layout.ts";
import { allInside } from "../topology.ts";
import { isRecurrent, refuseOptions, run, startOf } from "./recurrent/recurrent.ts";
import { flip } from "./recurrent/run.ts";
import { Call, type LayerRule } from "./rule.ts";

/** One model or layer for every step: the steps join the batch, and leave it again. */
const TimeDistributed: LayerRule = {
  becomes: "what it wraps, between two Reshapes",
  carriesMask: true,
  lower: (call) => {
    const { inner } = call.layer;
    if (!inner) return call.fail("It wraps no layer.");
    if (call.training && allInside(inner).some(({ className }) => className === "BatchNormalization"))
      call.fail("A training graph cannot take the statistics of every step by itself.");
    const given = call.input();
    if (given.perm.length < 3) call.fail(`Its input has rank ${given.perm.length}, expected 3 or more.`);
    const plain = given.blocks ? call.plain(given) : given;
    const x = call.arrange(plain, [0, 1, ...plain.perm.filter((axis) => axis > 1)]);
    const [output, ...others] = withoutMask(call, () => call.lowering.lowerLayer(inner, [join(call, x)]));
    return output && others.length === 0
      ? separate(call, x, output)
      : call.fail(`What it wraps has ${others.length + 1} outputs, expected one.`);
  },
};

/** [batch, steps, …] as [batch · steps, …] */
function join(call: Call, x: Held): Held {
  const [batch, steps, ...rest] = call.g.dims(x.name);
  const whole = typeof batch === "number" && typeof steps === "number" ? batch * steps : undefined;
  const target = call.extentsVector([whole ?? -1, ...rest.map((_, i) => ({ of: x.name, axis: i + 2 }))]);
  const dims = [whole ?? call.g.unique(`${call.layer.name}_steps`), ...rest];
  const name = call.op("Reshape", [x.name, target], {}, dims);
  return { name, perm: [0, ...x.perm.slice(2).map((axis) => axis - 1)] };
}

/** [batch · steps, …] as [batch, steps, …], with as many steps as `x` has. */
function separate(call: Call, x: Held, joined: Held): Held {
  const y = call.batchFirst(joined.blocks ? call.plain(joined) : joined);
  const rest = y.perm.slice(1);
  const name = call.reshape(y.name, [
    { of: x.name, axis: 0 },
    { of: x.name, axis: 1 },
    ...rest.map((_, i) => ({ of: y.name, axis: i + 1 })),
  ]);
  return { name, perm: [0, 1, ...rest.map((axis) => axis + 1)] };
}

/** TF.js passes the mask of the steps on to a layer inside, which would take it for one of its own. */
function withoutMask<T>({ lowering }: Call, action: () => T): T {
  const { passed } = lowering;
  if (passed.mask !== undefined) lowering.passed = { ...passed, mask: null };
  const result = action();
  lowering.passed = passed;
  return result;
}

const MERGES = { sum: "Add", mul: "Mul", ave: "Add", concat: "Concat" } as const;

/** A recurrent layer both ways, the results put together step by step. */
const Bidirectional: LayerRule = {
  becomes: "what it wraps twice, and Concat, Add or Mul",
  notes: "stateful is not supported",
  lower: (call) => {
    const { inner, name } = call.layer;
    if (!inner || !isRecurrent(inner)) return call.config.unsupported("layer", "It is for recurrent layers.");
    refuseOptions(new Call(call.lowering, inner, []));
    const { config } = inner;
    const reversed = config.flag("go_backwards", false);
    const sequences = config.flag("return_sequences", false);
    const start = startOf(call, reversed);
    if (start.initial.length % 2 > 0)
      call.fail(`It is given ${start.initial.length} initial states, expected as many for both ways.`);
    const half = start.initial.length / 2;
    const forward = run(
      call,
      { ...inner, name: `${name}/forward_${inner.innerName}` },
      { ...start, initial: start.initial.slice(0, half) },
    );
    const backward = run(
      call,
      { ...inner, name: `${name}/backward_${inner.innerName}` },
      { ...start, initial: start.initial.slice(half), backwards: !reversed },
    );
    const results = [forward, backward].map(({ sequence, states }) => {
      if (!sequences) return states[0]!;
      return reversed ? flip(call, sequence) : sequence;
    }) as [Held, Held];
    const merged = call.config.isNull("merge_mode") ? results : [merge(call, results)];
    const states = config.flag("return_state", false) ? [...forward.states, ...backward.states] : [];
    return [...merged, ...states].map((x) => ({ ...x, mask: sequences ? call.masks[0] : undefined }));
  },
};

function merge(call: Call, [a, given]: readonly [Held, Held]): Held {
  const mode = call.config.choice("merge_mode", ["concat", "sum", "mul", "ave"], "concat");
  const b = call.arrange(given, a.perm);
  const attributes = mode === "concat" ? { axis: a.perm.indexOf(a.perm.length - 1) } : {};
  const both = call.op(MERGES[mode], [a.name, b.name], attributes);
  return { ...a, name: mode === "ave" ? call.op("Mul", [both, call.g.floats(0.5)]) : both };
}

export const WRAPPERS: Readonly<Record<string, LayerRule>> = { Bidirectional, TimeDistributed };
