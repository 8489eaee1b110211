import fc from "fast-check";
import { type Cases, extent, ones } from "./tensors.ts";

const recurrent = (gates: number, states: number): Cases =>
  fc
    .record({
      steps: extent,
      batch: extent,
      size: extent,
      hidden: extent,
      direction: fc.constantFrom("forward", "reverse", "bidirectional"),
      outputs: fc.integer({ min: 1, max: 1 + states }),
    })
    .map(({ steps, batch, size, hidden, direction, outputs }) => {
      const directions = direction === "bidirectional" ? 2 : 1;
      return {
        inputs: [
          ones([steps, batch, size]),
          ones([directions, gates * hidden, size]),
          ones([directions, gates * hidden, hidden]),
        ],
        attributes: { hidden_size: hidden, direction },
        outputs,
      };
    });

export const RECURRENT_CASES: Readonly<Record<string, Cases>> = {
  GRU: recurrent(3, 1),
  LSTM: recurrent(4, 2),
  RNN: recurrent(1, 1),
};
