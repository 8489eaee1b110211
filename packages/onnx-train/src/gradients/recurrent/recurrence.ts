import { tensor } from "@glyphcast/onnx";
import type { Gradients, Rule, Site } from "../../rule.ts";
import { pickRows } from "../../window.ts";
import { columnSums } from "../columns.ts";
import { type Activation, activationsOf } from "./activations.ts";
import { type Cell, cut, join, type StepGradients } from "./cell.ts";

/** How long each sequence of the batch is, and where a direction reads each of its steps. */
interface Course {
  /**
   * Rows of [steps·batch] in the order in which they are read. The short sequences of a reversed direction are turned
   * round within their length, so that doing it twice changes nothing.
   */
  readonly order: readonly number[];
  /** For each step, which sequences still run, as a boolean [batch, 1]; undefined where all do. */
  readonly running: readonly (string | undefined)[];
}

/** One direction, as it was played. */
interface Direction {
  readonly cell: Cell;
  readonly course: Course;
  /** The input in the order of the course: [steps·batch, features]. */
  readonly rows: string;
  readonly w: string;
  readonly weights: unknown;
  /** What the cell saved at each step. */
  readonly steps: readonly unknown[];
}

export type Recurrence = readonly Direction[];

// Positions of LSTM's inputs; GRU and RNN have the first six.
const [X, W, R, B, LENGTHS, INITIAL_H, INITIAL_C] = [0, 1, 2, 3, 4, 5, 6];

/**
 * The rule of a recurrent operator: one direction after another, one step after another, all of them written out.
 *
 * choose: a direction's cell, once it is clear that the node asks for nothing that the cell cannot do.
 */
export function recurrent(
  activations: readonly string[],
  choose: (site: Site, activations: readonly Activation[]) => Cell,
): Rule<Recurrence> {
  return {
    forward(site) {
      const { g, node, put, fail } = site;
      if ("clip" in node.attributes) fail("clip has no gradient.");
      const { steps, batch, hidden, count } = extentsOf(site);
      const cells = activationsOf(site, count, activations).map((own) => choose(site, own));
      const played = partsOf(site).map((part, at) => playForward(site, cells[at]!, part));
      if (node.outputs[0]) {
        const each = played.map(({ all }) => g.reshape(all, [steps, 1, batch, hidden]));
        put(0, "plain", outward(site, join(g, each, 1)));
      }
      for (const [state, output] of node.outputs.slice(1).entries()) {
        const last = played.map(({ states }) => g.reshape(states[state]!, [1, batch, hidden]));
        if (output) put(state + 1, "plain", outward(site, join(g, last, 0)));
      }
      return played.map(({ direction }) => direction);
    },
    backward(site, directions) {
      const parts = directions.map((direction, at) => playBackward(site, direction, at));
      return gradientsOf(site, directions[0]!.cell.gates, parts);
    },
  };
}

const batchFirst = ({ attribute }: Site): boolean => attribute("layout", 0) === 1;

function extentsOf(site: Site) {
  const [first = 0, second = 0, features = 0] = site.shape(X);
  const [steps, batch] = batchFirst(site) ? [second, first] : [first, second];
  return { steps, batch, features, hidden: site.shape(R)[2]!, count: site.shape(W)[0]! };
}

/** A value as layout 0 has it, the batch before the last axis. */
function inward(site: Site, value: string): string {
  return batchFirst(site) ? site.g.transpose(value, [1, 0, 2]) : value;
}

/** The same, back into the node's own layout: of a state, or of all steps. */
function outward(site: Site, value: string): string {
  if (!batchFirst(site)) return value;
  return site.g.transpose(value, site.g.shape(value).length === 4 ? [2, 0, 1, 3] : [1, 0, 2]);
}

/** A direction's share of every input. */
interface Part {
  readonly reversed: boolean;
  readonly w: string;
  readonly r: string;
  readonly wb: string | undefined;
  readonly rb: string | undefined;
  readonly initial: readonly string[];
}

function partsOf(site: Site): readonly Part[] {
  const { g, node, x, attribute } = site;
  const { count, batch, hidden } = extentsOf(site);
  const each = (value: string): readonly string[] =>
    cut(g, value, 0, Array(count).fill(1)).map((part) => g.reshape(part, g.shape(part).slice(1)));
  const [ws, rs] = [each(x(W)), each(x(R))];
  const biases = node.inputs[B] ? each(x(B)) : [];
  const states = node.op === "LSTM" ? [INITIAL_H, INITIAL_C] : [INITIAL_H];
  const initial = states.map((input) => (node.inputs[input] ? each(inward(site, x(input))) : undefined));
  return ws.map((w, at) => {
    const half = g.shape(w)[0]!;
    const [wb, rb] = biases[at] === undefined ? [] : cut(g, biases[at], 0, [half, half]);
    return {
      reversed: at === 1 || attribute("direction", "forward") === "reverse",
      w,
      r: rs[at]!,
      wb,
      rb,
      initial: initial.map((given) => given?.[at] ?? g.filled([batch, hidden], 0)),
    };
  });
}

function courseOf(site: Site, reversed: boolean): Course {
  const { g, node, fail } = site;
  const { steps, batch } = extentsOf(site);
  const given = node.inputs[LENGTHS] ? site.constant(LENGTHS) : Array<number>(batch).fill(steps);
  const lengths = given ?? fail(`sequence_lens ("${node.inputs[LENGTHS]}") must be a constant.`);
  if (lengths.some((length) => length < 1 || length > steps))
    fail(`sequence_lens ${lengths.join(", ")}, expected 1 to ${steps}.`);
  const at = (step: number, length: number) => (reversed && step < length ? length - 1 - step : step);
  const every = [...Array(steps).keys()];
  return {
    order: every.flatMap((step) => lengths.map((length, i) => at(step, length) * batch + i)),
    running: every.map((step) => {
      if (lengths.every((length) => step < length)) return undefined;
      const flags = Uint8Array.from(lengths, (length) => Number(step < length));
      return g.initializer(g.unique("running"), tensor("bool", [batch, 1], flags));
    }),
  };
}

function playForward(site: Site, cell: Cell, { reversed, w, r, wb, rb, initial }: Part) {
  const { g, x } = site;
  const { steps, batch, features } = extentsOf(site);
  const course = courseOf(site, reversed);
  const rows = pickRows(g, g.reshape(inward(site, x(X)), [steps * batch, features]), 1, course.order);
  const z = g.op("Gemm", wb === undefined ? [rows, w] : [rows, w, wb], { transB: 1 });
  const weights = cell.prepare(g, r, rb);
  const saved: unknown[] = [];
  const outputs: string[] = [];
  let states = initial;
  for (const [step, part] of cut(g, z, 0, Array(steps).fill(batch)).entries()) {
    const running = course.running[step];
    const next = cell.forward(g, part, states, weights);
    saved.push(next.saved);
    outputs.push(running ? g.where(running, next.states[0]!, g.floats(0)) : next.states[0]!);
    states = running ? next.states.map((state, i) => g.where(running, state, states[i]!)) : next.states;
  }
  return {
    direction: { cell, course, rows, w, weights, steps: saved },
    all: pickRows(g, join(g, outputs, 0), 1, course.order),
    states,
  };
}

/** Gradients of one direction's share. */
interface PartGradients {
  readonly dx: string;
  readonly dw: string;
  readonly dr: string;
  readonly db: string;
  readonly initial: readonly string[];
}

// Back through time: what a step's products get is kept, and R's gradient is one product over all steps.
function playBackward(site: Site, direction: Direction, at: number): PartGradients {
  const { g } = site;
  const { cell, course, rows, w, weights } = direction;
  const { steps, batch } = extentsOf(site);
  const outputs = outputGradients(site, course, at);
  let states = stateGradients(site, at);
  const collected: StepGradients[] = [];
  for (let step = steps - 1; step >= 0; step--) {
    const running = course.running[step];
    const carried = outputs ? [g.add(states[0]!, outputs[step]!), ...states.slice(1)] : states;
    const zero = g.floats(0);
    const d = running ? carried.map((state) => g.where(running, state, zero)) : carried;
    const back = cell.backward(g, direction.steps[step], d, weights);
    collected.unshift(back);
    // A sequence that has ended hands its states on.
    states = running ? back.states.map((state, i) => g.where(running, state, states[i]!)) : back.states;
  }
  const whole = (pick: (back: StepGradients) => string) => join(g, collected.map(pick), 0);
  const dz = whole((back) => back.dz);
  const products = collected[0]!.products.map((_, i) => ({
    d: whole((back) => back.products[i]!.d),
    of: whole((back) => back.products[i]!.of),
  }));
  const transposed = (a: string, b: string) => g.op("Gemm", [a, b], { transA: 1 });
  const drs = products.map(({ d, of }) => transposed(d, of));
  const drbs = products.map(({ d }) => columnSums(g, d));
  return {
    dx: g.reshape(pickRows(g, g.matmul(dz, w), 1, course.order), [steps, batch, g.shape(w)[1]!]),
    dw: transposed(dz, rows),
    dr: join(g, drs, 0),
    db: join(g, [columnSums(g, dz), ...drbs], 0),
    initial: states,
  };
}

/** What the loss says of each step's h, in the order of the course; undefined where nobody reads them. */
function outputGradients(site: Site, { order }: Course, at: number): readonly string[] | undefined {
  const { g, node, dy } = site;
  if (!node.outputs[0]) return undefined;
  const { steps, batch, hidden, count } = extentsOf(site);
  const whole = batchFirst(site) ? g.transpose(dy(0), [1, 2, 0, 3]) : dy(0);
  const own = g.reshape(cut(g, whole, 1, Array(count).fill(1))[at]!, [steps * batch, hidden]);
  return cut(g, pickRows(g, own, 1, order), 0, Array(steps).fill(batch));
}

function stateGradients(site: Site, at: number): readonly string[] {
  const { g, node, dy } = site;
  const { batch, hidden, count } = extentsOf(site);
  const states = node.op === "LSTM" ? [1, 2] : [1];
  return states.map((output) => {
    if (!node.outputs[output]) return g.filled([batch, hidden], 0);
    return g.reshape(cut(g, inward(site, dy(output)), 0, Array(count).fill(1))[at]!, [batch, hidden]);
  });
}

function gradientsOf(site: Site, gatesOfCell: number, parts: readonly PartGradients[]): Gradients {
  const { g, node } = site;
  const { batch, hidden } = extentsOf(site);
  const stacked = (values: readonly string[]) =>
    join(
      g,
      values.map((value) => g.reshape(value, [1, ...g.shape(value)])),
      0,
    );
  const initial = parts[0]!.initial.map((_, state) =>
    node.inputs[INITIAL_H + state]
      ? outward(site, g.reshape(stacked(parts.map((part) => part.initial[state]!)), [parts.length, batch, hidden]))
      : undefined,
  );
  const gates = gatesOfCell * hidden;
  const biases = () => g.reshape(stacked(parts.map(({ db }) => db)), [parts.length, 2 * gates]);
  return [
    outward(site, g.total(parts.map(({ dx }) => dx))),
    stacked(parts.map(({ dw }) => dw)),
    stacked(parts.map(({ dr }) => dr)),
    node.inputs[B] ? biases() : undefined,
    undefined,
    ...initial,
  ];
}
