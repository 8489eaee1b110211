import { tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { type Spread, seeds, spread } from "../values.ts";
import { type OpCases, SMOOTH } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const smooth: Spread = { kinks: [] };

/** All outputs, or without the first of them, or the first alone. */
const asked = fc.constantFrom("all", "last", "steps");

/**
 * Those that are smooth and bounded. The slopes of others jump or bend at 0, and without bounds values grow from step to
 * step beyond what differences of float32 can tell; they have tests of their own.
 */
const bends = fc.constantFrom("Sigmoid", "Tanh");

/**
 * gates: rows of W and R per hidden unit.   states: how many initial states there may be.   functions: how many
 * activations a direction has.
 */
const recurrent = (
  { gates, states, functions }: { gates: number; states: number; functions: number },
  attributes: fc.Arbitrary<Record<string, number>>,
) =>
  fc
    .record({
      steps: fc.integer({ min: 1, max: 4 }),
      batch: fc.integer({ min: 1, max: 3 }),
      features: fc.integer({ min: 1, max: 3 }),
      hidden: fc.integer({ min: 1, max: 3 }),
      direction: fc.constantFrom("forward", "reverse", "bidirectional"),
      bias: fc.boolean(),
      initial: fc.boolean(),
      lengths: fc.option(fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), { nil: undefined }),
      activations: fc.option(fc.array(bends, { minLength: 2 * functions, maxLength: 2 * functions })),
      asked,
      attributes,
      seed: seeds,
    })
    .map((drawn): Case => {
      const { steps, batch, features, hidden, direction, bias, initial, lengths, asked, seed } = drawn;
      const directions = direction === "bidirectional" ? 2 : 1;
      const state = [directions, batch, hidden];
      const [x, w, r, b, ...first] = spread(
        [
          [steps, batch, features],
          [directions, gates * hidden, features],
          [directions, gates * hidden, hidden],
          [directions, 2 * gates * hidden],
          ...Array<number[]>(states).fill(state),
        ],
        seed,
        // Gates beyond 0…1 let values grow from step to step.
        drawn.activations ? { from: -0.5, to: 0.5, kinks: [] } : smooth,
      );
      const activations = drawn.activations?.slice(0, directions * functions);
      const short = lengths?.slice(0, batch).map((length) => 1 + (length % steps));
      return {
        inputs: [
          x,
          w,
          r,
          bias ? b : undefined,
          short && tensor("int32", [batch], Int32Array.from(short)),
          ...(initial ? first : []),
        ],
        attributes: { hidden_size: hidden, direction, ...drawn.attributes, ...(activations && { activations }) },
        outputs: asked === "steps" ? 1 : states + 1,
        ...(asked === "last" && { omitted: [0] }),
      };
    });

export const RECURRENT_CASES = {
  LSTM: { cases: recurrent({ gates: 4, states: 2, functions: 3 }, fc.constant({})), precision: SMOOTH },
  GRU: {
    cases: recurrent({ gates: 3, states: 1, functions: 2 }, fc.record({ linear_before_reset: fc.constantFrom(0, 1) })),
    precision: SMOOTH,
  },
  RNN: { cases: recurrent({ gates: 1, states: 1, functions: 1 }, fc.constant({})), precision: SMOOTH },
} satisfies Record<string, OpCases>;
