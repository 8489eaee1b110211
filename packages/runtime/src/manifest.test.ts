import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManifestError } from "./errors.ts";
import { type Manifest, parseManifest, readManifest } from "./manifest.ts";

const tiny = new URL("../../../test/fixtures/models/tiny/1/manifest.json", import.meta.url);
const source = readFileSync(tiny, "utf8");

/** The good manifest with one place changed: `["input", "shape", 1]`. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const whole = JSON.parse(source);
  const parent = path.slice(0, -1).reduce((at, key) => at[key], whole);
  if (value === undefined) delete parent[path.at(-1)!];
  else parent[path.at(-1)!] = value;
  return whole;
}

describe("a manifest", () => {
  it("is read whole", () => {
    expect(readManifest(source)).toEqual(JSON.parse(source));
  });

  it("may hold fields of a later version, which are left out", () => {
    expect(parseManifest(changed(["colour"], "green"))).not.toHaveProperty("colour");
  });

  it.each<[path: (string | number)[], value: unknown, expected: Partial<ManifestError>]>([
    [["schemaVersion"], 2, { path: "schemaVersion", found: "2", expected: "1" }],
    [["task"], "translation", { path: "task", found: '"translation"' }],
    [["name"], "", { path: "name", found: '""', expected: "text" }],
    [["labels"], ["0"], { path: "labels", found: "an array of 1" }],
    [["labels"], ["a", "a"], { path: "labels", expected: "two or more labels, each a text of its own" }],
    [["input", "dtype"], "float32", { path: "input.dtype", expected: '"uint8"' }],
    [["input", "shape"], ["batch", 28], { path: "input.shape", found: "an array of 2" }],
    [["input", "shape"], ["batch", 28, 28, 4], { path: "input.shape", found: "an array of 4" }],
    [["provenance", "architecture"], { file: "net.json" }, { path: "provenance.architecture.sha256" }],
    [["input", "shape", 1], 0, { path: "input.shape" }],
    [["outputs", "confidence"], undefined, { path: "outputs.confidence", found: "missing" }],
    [["preprocess", 0, "step"], "sharpen", { path: "preprocess[0].step", found: '"sharpen"' }],
    [["reject", "threshold"], 1.5, { path: "reject.threshold", expected: "a number from 0 to 1" }],
    [["reject", "method"], "energy", { path: "reject.method", expected: '"probability" or "familiarity"' }],
    [["calibration"], { temperature: 0, from: "x" }, { path: "calibration.temperature", expected: "a number above 0" }],
    [["metrics", "dataset", "sha256"], "abc", { path: "metrics.dataset.sha256" }],
    [["provenance", "seed"], -1, { path: "provenance.seed", expected: "a whole number of at least 0" }],
    [["provenance", "versions"], [], { path: "provenance.versions", expected: "an object" }],
    [["files", "model.onnx"], undefined, { path: 'files["model.onnx"]', found: "missing" }],
    [["files", "model.onnx", "bytes"], "8489", { path: 'files["model.onnx"].bytes', found: '"8489"' }],
  ])("is refused with its place when %j is %j", (path, value, expected) => {
    const parse = () => parseManifest(changed(path, value), "models/tiny/1/manifest.json");
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow(expect.objectContaining({ ...expected, file: "models/tiny/1/manifest.json" }));
  });

  it("says where, what was found, what was expected and how to mend it", () => {
    expect(() => parseManifest(changed(["input", "dtype"], "float32"), "m/manifest.json")).toThrow(
      'm/manifest.json: input.dtype is "float32", expected "uint8".\n' +
        "  `glyphcast train` writes this file beside the model; publish the model again, or correct it there.",
    );
  });

  it("may take colour, and name a network from elsewhere", () => {
    expect(parseManifest(changed(["input", "shape"], ["batch", 8, 6, 3])).input.shape).toEqual(["batch", 8, 6, 3]);
    const architecture = { file: "net.json", sha256: "0".repeat(64), bytes: 9 };
    expect(parseManifest(changed(["provenance", "architecture"], architecture)).provenance).toHaveProperty(
      "architecture",
      architecture,
    );
  });

  it("that is a web page or no JSON is told apart from a wrong one", () => {
    expect(() => readManifest("<!doctype html><p>Not found")).toThrow(
      /the document is an HTML page, .*address right\?$/s,
    );
    expect(() => readManifest("{")).toThrow(/the document is not JSON/);
  });

  it("of any JSON at all gives a manifest or a ManifestError", () => {
    const keys = ["schemaVersion", "labels", "input", "outputs", "preprocess", "reject", "metrics", "files", "name"];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        try {
          const manifest: Manifest = parseManifest(changed([key], value));
          expect(manifest.schemaVersion).toBe(1);
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
        }
      }),
    );
  });
});
