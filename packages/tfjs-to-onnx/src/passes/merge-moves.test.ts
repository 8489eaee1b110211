import { PROTO_TYPE_OF } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { mergeMoves } from "./merge-moves.ts";
import { type Case, expectPass } from "./testing.ts";

const { float32, float64, int32, uint8 } = PROTO_TYPE_OF;

it.each<[string, Case]>([
  [
    "Casts that lose nothing in between",
    {
      build: (g) => g.op("Cast", [g.op("Cast", [g.input("x", "uint8", ["n"])], { to: int32 })], { to: float32 }),
      ops: ["Cast"],
    },
  ],
  [
    "a Cast there and back",
    {
      build: (g) => g.op("Cast", [g.op("Cast", [g.input("x", "float32", ["n"])], { to: float64 })], { to: float32 }),
      ops: ["Identity"],
    },
  ],
  [
    "no Cast that rounds",
    {
      build: (g) => g.op("Cast", [g.op("Cast", [g.input("x", "float32", ["n"])], { to: int32 })], { to: float32 }),
      ops: ["Cast", "Cast"],
    },
  ],
  [
    "a Cast to the same type",
    { build: (g) => g.op("Relu", [g.op("Cast", [g.input("x", "float32", ["n"])], { to: float32 })]), ops: ["Relu"] },
  ],
  [
    "a Cast to what does not hold all",
    {
      build: (g) => g.op("Cast", [g.op("Cast", [g.input("x", "int32", ["n"])], { to: uint8 })], { to: int32 }),
      ops: ["Cast", "Cast"],
    },
  ],
  [
    "Transposes that undo each other",
    {
      build: (g) => {
        const x = g.op("Transpose", [g.input("x", "float32", ["n", 3, 4, 5])], { perm: [0, 2, 3, 1] });
        return g.op("Relu", [g.op("Transpose", [x], { perm: [0, 3, 1, 2] })]);
      },
      ops: ["Relu"],
    },
  ],
  [
    "three Transposes into one",
    {
      build: (g) => {
        const perm = { perm: [1, 2, 3, 0] };
        const x = g.op("Transpose", [g.input("x", "float32", [2, 3, 4, 5])], perm);
        return g.op("Transpose", [g.op("Transpose", [x], perm)], perm);
      },
      ops: ["Transpose"],
    },
  ],
  [
    "a Transpose of one channel, with the Reshape before it",
    {
      build: (g) => {
        const x = g.op("Reshape", [g.input("x", "float32", ["n", 6]), g.ints([0, 2, 3, 1])]);
        return g.op("Transpose", [x], { perm: [0, 3, 1, 2] });
      },
      ops: ["Reshape"],
    },
  ],
  [
    "Reshapes, the last of which counts",
    {
      build: (g) => {
        const x = g.op("Reshape", [g.input("x", "float32", ["n", 6]), g.ints([0, 2, 3])]);
        return g.op("Reshape", [g.op("Flatten", [x], { axis: 1 }), g.ints([0, 3, 2])]);
      },
      ops: ["Reshape"],
    },
  ],
  [
    "no Reshape that copies an extent that was another before",
    {
      build: (g) => {
        const x = g.op("Reshape", [g.input("x", "float32", [4, 6]), g.ints([2, 12])]);
        return g.op("Reshape", [x, g.ints([0, 3, 4])]);
      },
      ops: ["Reshape", "Reshape"],
    },
  ],
  [
    "a Reshape to the shape that there is",
    {
      build: (g) => g.op("Relu", [g.op("Reshape", [g.input("x", "float32", [2, 3]), g.ints([-1, 3])])]),
      ops: ["Relu"],
    },
  ],
])("merges %s", async (_, given) => {
  await expectPass(mergeMoves, given);
});

it("leaves what another reader wants as it is", async () => {
  const after = await expectPass(mergeMoves, {
    build: (g) => {
      const first = g.op("Transpose", [g.input("x", "float32", [2, 3])], { perm: [1, 0] });
      return [first, g.op("Relu", [g.op("Transpose", [first], { perm: [1, 0] })])];
    },
    ops: ["Transpose", "Relu"],
  });
  expect(after.nodes[1]!.inputs).toEqual(["x"]);
});
