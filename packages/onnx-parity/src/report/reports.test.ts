import { float32 } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { exitCodeOf } from "../command/compare-command.ts";
import { paintOn } from "../command/terminal.ts";
import { OutputComparison } from "../compare/output-comparison.ts";
import type { ParityReport, RuntimeReport } from "../compare-runtimes.ts";
import type { PicturesReport } from "../pictures/pictures.ts";
import { ramp } from "../testing.ts";
import { htmlOf } from "./html.ts";
import { junitOf } from "./junit.ts";
import { placementOf, textOf } from "./text.ts";

function outputOf(name: string, actual: number) {
  const comparison = new OutputComparison(name, { atol: 0, rtol: 1e-5, relativeTo: "scale", decisions: true });
  comparison.add(float32([1], [actual]), float32([1], [1]));
  return comparison.report();
}

const runtime = (fields: Partial<RuntimeReport> & Pick<RuntimeReport, "runtime" | "status">): RuntimeReport => ({
  outputs: [],
  restarts: 0,
  seconds: 0.5,
  ...fields,
});

const report: ParityReport = {
  version: "0",
  machine: { system: "Linux 6.1", architecture: "x64", cpu: "A & B", cores: 2, node: "20.20.2" },
  model: { name: "a<b>.onnx", bytes: 10, sha256: "00" },
  reference: "node-cpu",
  ...{ ports: [], runs: 1, repeat: 1, agrees: false },
  runtimes: [
    runtime({ runtime: "node-cpu", status: "reference" }),
    runtime({ runtime: "node-wasm", status: "differs", outputs: [outputOf("x & y", 1), outputOf("z", 2)] }),
    runtime({ runtime: "browser-wasm", status: "crashed", reason: "the page crashed" }),
    runtime({
      runtime: "browser-webgpu",
      status: "agrees",
      restarts: 1,
      environment: { adapter: "a GPU", threads: 2 },
    }),
    runtime({ runtime: "node-cuda", status: "unavailable", reason: 'no "CUDA"' }),
  ],
};

it("counts failures, crashes and absences apart in JUnit's XML", () => {
  const xml = junitOf(report);
  expect(xml).toContain('<testsuites name="a&lt;b&gt;.onnx against node-cpu">');
  expect(xml).toContain('<testsuite name="node-wasm" tests="2" failures="1" errors="0" skipped="0" time="0.500">');
  expect(xml).toContain('<testcase classname="node-wasm" name="x &amp; y"/>');
  expect(xml).toMatch(/<failure message="1 of 1 elements[^>]*>[^<]*--atol 1 or --rtol 1 would pass/);
  expect(xml).toContain('<error message="the page crashed"/>');
  expect(xml).toContain('<skipped message="no &quot;CUDA&quot;"/>');
  expect(xml).not.toContain('<testsuite name="node-cpu"');
  expect(xml).toContain('<property name="cpu" value="A &amp; B"/>');
  expect(xml).toContain('<property name="adapter" value="a GPU"/>');
});

it("makes a page that needs nothing else, and escapes names", () => {
  const html = htmlOf(report);
  expect(html).toContain("<h1>a&lt;b&gt;.onnx: not the same answer</h1>");
  expect(html).toContain("<td>x &amp; y</td>");
  expect(html).not.toMatch(/src=|href=/);
});

it("gives the noise ratio of outputs that look like pictures, and of no others", () => {
  const pictures = (shape: number[], off: number): ParityReport => {
    const expected = ramp(...shape);
    const comparison = new OutputComparison("y", { atol: 0, rtol: 1, relativeTo: "scale", decisions: true });
    comparison.add(
      float32(
        shape,
        expected.data.map((value) => value + off),
      ),
      expected,
    );
    return {
      ...report,
      runtimes: [runtime({ runtime: "node-wasm", status: "agrees", outputs: [comparison.report()] })],
    };
  };
  const plain = paintOn({ write: () => {} });
  // 20·log10(1 / 0.01), the scale being a sine's.
  for (const shape of [
    [1, 3, 8, 9],
    [2, 16, 16, 1],
  ])
    expect(textOf(pictures(shape, 0.01), plain)).toMatch(/ 40\.0 dB /);
  expect(htmlOf(pictures([1, 3, 8, 8], 0.001))).toContain("<td>60.0 dB</td>");
  expect(textOf(pictures([1, 3, 8, 8], 0), plain)).toMatch(/ equal /);
  for (const shape of [
    [1, 64, 8, 8],
    [1, 3, 4, 4],
    [2, 64],
  ])
    expect(textOf(pictures(shape, 0.01), plain)).not.toContain("psnr");
});

it("says in a terminal where it was computed, and what had to be started again", () => {
  const text = textOf(report, paintOn({ write: () => {} }));
  expect(text).toContain("Linux 6.1, x64, A & B, 2 cores, onnx-parity 0\n");
  expect(text).toMatch(/browser-webgpu +a GPU, 2 threads, restarted once/);
  expect(text).toContain("differ: node-wasm; could not run: browser-wasm; not available: node-cuda");
});

const agreeing = runtime({ runtime: "node-wasm", status: "agrees", outputs: [outputOf("y", 1)] });

it("says what of pictures differs before the model", () => {
  const pictures: PicturesReport = {
    ...{ readers: ["sharp", "canvas"], pictures: 4, equal: 1, refused: ["blank.png: EMPTY_DRAWING"], agrees: false },
    differences: [
      { file: "a.jpg", differing: 3, bytes: 784, most: 2, mayDiffer: true },
      { file: "b<.png", differing: 0, bytes: 0, most: 0, refused: "Node: a damaged file", mayDiffer: false },
    ],
  };
  const text = textOf({ ...report, pictures }, paintOn({ write: () => {} }));
  expect(text).toContain("decoding and preprocessing (sharp and canvas): 1 of 4 pictures byte-equal, 1 refused");
  expect(text).toContain("a.jpg: 3 of 784 bytes differ, by at most 2; decoders of its format may round");
  expect(text).toContain("pictures differ before the model; ");
  expect(htmlOf({ ...report, pictures })).toContain(
    "<li>b&lt;.png: refused on one side only. Node: a damaged file</li>",
  );
  expect(junitOf({ ...report, pictures })).toContain(
    '<testsuite name="decoding and preprocessing" tests="1" failures="1"',
  );
  const alone = { ...pictures, unavailable: "no Chromium", differences: [], agrees: true };
  expect(textOf({ ...report, pictures: alone }, paintOn({ write: () => {} }))).toContain(
    "not available: node-cuda, decoding in a browser",
  );
  expect(exitCodeOf({ ...report, runtimes: [agreeing], agrees: true, pictures: alone }, false)).toBe(0);
  expect(exitCodeOf({ ...report, runtimes: [agreeing], agrees: true, pictures: alone }, true)).toBe(2);
  expect(exitCodeOf({ ...report, runtimes: [agreeing], agrees: false, pictures }, false)).toBe(1);
  expect(junitOf({ ...report, pictures: alone })).toMatch(/<skipped message="[^"]* not available: no Chromium"/);
});

it("says where the nodes ran, the processor's last", () => {
  const placement = { CPUExecutionProvider: { Cast: 2, Shape: 1 }, WebGpuExecutionProvider: { Conv: 41 } };
  expect(placementOf(placement)).toBe("41 of 44 nodes on WebGPU, 3 on CPU: Cast ×2, Shape");
  expect(placementOf({ CPUExecutionProvider: { Conv: 4, Add: 1 } })).toBe("5 nodes on CPU");
});
