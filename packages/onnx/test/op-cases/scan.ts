import fc from "fast-check";
import { GraphBuilder } from "../../src/index.ts";
import { axisOf, type Cases, extent, flag, maybe, ones } from "./tensors.ts";

/** A body of one state and one scanned input: their sum is both the next state and what the step gives. */
function runningSum(shape: readonly number[], named: boolean) {
  const body = new GraphBuilder("running sum");
  const dims = shape.map((dim, axis) => (named ? `inner${axis}` : dim));
  const [state, x] = [body.input("state", "float32", dims), body.input("x", "float32", dims)];
  const sum = body.op("Add", [state, x]);
  body.output(sum, "next");
  body.output(sum, "step");
  return body.build();
}

/** Opset 9 and later: scanned along any axis, in any direction. */
const scan: Cases = fc
  .record({
    shape: fc.array(extent, { minLength: 1, maxLength: 3 }),
    steps: extent,
    named: fc.boolean(),
  })
  .chain(({ shape, steps, named }) =>
    fc
      .record({
        axis: fc.option(axisOf(shape.length + 1), { nil: undefined }),
        output: maybe("scan_output_axes", fc.tuple(axisOf(shape.length + 1))),
        backwards: maybe("scan_input_directions", fc.tuple(flag)),
      })
      .map(({ axis = 0, output, backwards }) => {
        const at = axis < 0 ? axis + shape.length + 1 : axis;
        return {
          inputs: [ones(shape), ones(shape.toSpliced(at, 0, steps))],
          attributes: {
            body: runningSum(shape, named),
            num_scan_inputs: 1,
            scan_input_axes: [axis],
            ...output,
            ...backwards,
          },
          outputs: 2,
          // A body that only names its extents leaves them to be found by running it.
          dependsOnData: named,
        };
      }),
  );

export const SCAN_CASES: Readonly<Record<string, Cases>> = { Scan: scan };
