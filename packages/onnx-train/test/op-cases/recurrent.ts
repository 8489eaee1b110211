import { tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { type Spread, seeds, spread } from "../values.ts";
import { type OpCases, SMOOTH } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const smooth: Spread = { kinks: [] };

/** All outputs, or without the first of them, or the first alone. */
const asked = fc.constantFrom("all", "last", "steps");

/** gates: rows of W and R per hidden unit.   states: how many initial states there may be. */
const recurrent = (gates: number, states: number, attributes: fc.Arbitrary<Record<string, number>>) =>
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
      asked,
      attributes,
      seed: seeds,
    })
    .map(({ steps, batch, features, hidden, direction, bias, initial, lengths, asked, attributes, seed }): Case => {
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
        smooth,
      );
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
        attributes: { hidden_size: hidden, direction, ...attributes },
        outputs: asked === "steps" ? 1 : states + 1,
        ...(asked === "last" && { omitted: [0] }),
      };
    });

export const RECURRENT_CASES = {
  LSTM: { cases: recurrent(4, 2, fc.constant({})), precision: SMOOTH },
  GRU: { cases: recurrent(3, 1, fc.record({ linear_before_reset: fc.constantFrom(0, 1) })), precision: SMOOTH },
} satisfies Record<string, OpCases>;
