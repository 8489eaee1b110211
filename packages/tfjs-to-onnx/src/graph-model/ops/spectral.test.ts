import { describe, expect, it } from "vitest";
import { type Build, convert, expectConverts, TestGraph } from "../testing.ts";

const parts =
  (build: (g: TestGraph) => string): Build =>
  (g) => {
    const y = build(g);
    return [g.op("Real", [y]), g.op("Imag", [y]), g.op("ComplexAbs", [y]), g.op("Abs", [g.op("Identity", [y])])];
  };

const complex = (g: TestGraph, shape: readonly number[], open: readonly number[] = []): string =>
  g.op("Complex", [g.input(shape, { open }), g.input(shape, { open })]);

const CASES: Readonly<Record<string, Build>> = {
  Complex: parts((g) => complex(g, [2, 3])),
  FFT: parts((g) => g.op("FFT", [complex(g, [3, 8])])),
  "FFT of 7": parts((g) => g.op("FFT", [complex(g, [3, 7])])),
  "FFT of a vector": parts((g) => g.op("FFT", [complex(g, [6])])),
  "FFT of rank 3": parts((g) => g.op("FFT", [complex(g, [2, 3, 4])])),
  IFFT: parts((g) => g.op("IFFT", [complex(g, [2, 3, 8])])),
  RFFT: parts((g) => g.op("RFFT", [g.input([3, 8]), g.ints([8])])),
  "RFFT of 7, rank 3, an open batch": parts((g) => g.op("RFFT", [g.input([2, 3, 7], { open: [0] }), g.ints([7])])),
  IRFFT: (g) => g.op("IRFFT", [g.op("RFFT", [g.input([3, 8]), g.ints([8])]), g.ints([8])]),
  "IRFFT of rank 3": (g) => g.op("IRFFT", [complex(g, [2, 3, 5]), g.ints([8])]),
};

describe("spectral ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));

  it("in operator set 20, which moved DFT's axis", async () => void (await expectConverts(CASES.RFFT!, { opset: 20 })));
});

it("complex numbers do not go where real ones are wanted", () => {
  const graph = new TestGraph();
  const x = complex(graph, [4]);
  expect(() => convert(graph, [graph.op("Tanh", [x])])).toThrow(/Tanh .* reads complex numbers/);
  expect(() => convert(graph, [x])).toThrow(/Output "out0": It is complex/);
  expect(() => convert(graph, [graph.op("Real", [graph.input([3])])])).toThrow(/given real ones/);
});
