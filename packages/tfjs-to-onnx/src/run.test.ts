import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decodeModel } from "@glyphcast/onnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./run.ts";
import { paintOn } from "./terminal.ts";
import { digitModel, opsOf, randomise, saveFiles } from "./testing.ts";

let folder = "";
let model = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tfjs-to-onnx-"));
  const digits = digitModel({ width: 2 });
  randomise(digits);
  model = await saveFiles(digits, folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { code, out, err };
}

type Json = ReturnType<typeof JSON.parse>;

/** A copy of the model's folder with one change. */
async function broken(change: (json: Json) => unknown): Promise<string> {
  const copy = await mkdtemp(join(folder, "copy-"));
  await writeFile(join(copy, "weights.bin"), await readFile(join(folder, "weights.bin")));
  const json = JSON.parse(await readFile(model, "utf8"));
  const changed = change(json) ?? json;
  await writeFile(join(copy, "model.json"), typeof changed === "string" ? changed : JSON.stringify(changed));
  return join(copy, "model.json");
}

describe("tfjs-to-onnx", () => {
  it("converts a file and says what came out", async () => {
    const output = join(folder, "plain.onnx");
    const { code, out, err } = await command(model, "-o", output);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("out dense");
    expect(out).toMatch(
      /output +shape +max abs +max rel +verdict\n +dense +1×10 .* same\n +dense +2×10 .* same\nverified/,
    );
    expect(decodeModel(await readFile(output)).graph.outputs).toHaveLength(1);
  });

  it("takes the folder, too, and every option", async () => {
    const output = join(folder, "digits.onnx");
    const options = ["--uint8-input", "1/255,0", "--classifier", "--temperature", "1.5", "--name", "digits"];
    const notes = ["--metadata", "recipe=a=b", "--metadata", "seed=7"];
    const { code, out, err } = await command(folder, "-o", output, ...options, ...notes, "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const summary = JSON.parse(out);
    const bytes = await readFile(output);
    const onnx = decodeModel(bytes);
    expect(summary).toMatchObject({ output, bytes: bytes.length, name: "digits", ops: { Conv: 4, Gemm: 1, Div: 1 } });
    expect(summary.outputs.map(({ name }: { name: string }) => name)).toEqual([
      "logits",
      "probabilities",
      "confidence",
    ]);
    expect(onnx.metadata).toMatchObject({ recipe: "a=b", seed: "7", converter: "tfjs-to-onnx 0.1.0" });
    expect(opsOf(onnx)).not.toContain("Transpose");
    expect(summary).toMatchObject({
      source: { model: folder, bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      opset: 17,
      opsBefore: { Conv: 4, Mul: 5, Add: 4 },
      passes: expect.arrayContaining([
        { pass: "fold into weights", nodes: { Mul: -4, Add: -4 }, milliseconds: expect.any(Number) },
      ]),
      verification: { verdict: "same", tolerance: 1e-4, seed: 1 },
      milliseconds: { read: expect.any(Number), convert: expect.any(Number), verify: expect.any(Number) },
    });
    expect(summary.verification.rows).toHaveLength(6);
  });

  it.each([13, 21])("writes operator set %d, fixed shapes and other layouts", async (opset) => {
    const output = join(folder, `opset${opset}.onnx`);
    const options = ["--opset", `${opset}`, "--shape", "?,28,28,1", "--input-layout", "nchw", "--weights", "float16"];
    const { code, out } = await command(model, "-o", output, ...options, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ opset, inputs: [{ shape: ["batch", 1, 28, 28] }] });
  });

  it("keeps what differs under another name, with exit code 1", async () => {
    const output = join(folder, "strict.onnx");
    const { code, out, err } = await command(model, "-o", output, "--tolerance", "1e-15", "--seed", "3", "--debug");
    expect(code).toBe(1);
    expect(err).toContain("looking for the first layer");
    expect(out).toMatch(/DIFFERS[\s\S]*rejected: "dense" at .* is more than 1e-15/);
    expect(out).toMatch(/first to differ of 16: "(conv|bn)1" \[1, 14, 14, 2\]/);
    const files = await readdir(folder);
    expect(files.filter((name) => name.startsWith("strict"))).toEqual(["strict.rejected.onnx"]);
  });

  it("refuses a model of another hash than the one given", async () => {
    const { out } = await command(model, "-o", join(folder, "hashed.onnx"), "--no-verify", "--json");
    const { source, metadata } = JSON.parse(out);
    expect(metadata.source_sha256).toBe(source.sha256);
    const again = ["-o", join(folder, "hashed-too.onnx"), "--no-verify", "--sha256"];
    expect(await command(model, ...again, source.sha256)).toMatchObject({ code: 0 });
    const refused = await command(model, ...again, "0".repeat(64));
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringMatching(/has the SHA-256 [0-9a-f]{64}, expected 0{64}/),
    });
  });

  it("converts without comparing where that is asked for", async () => {
    const output = join(folder, "unverified.onnx");
    const { code, out } = await command(model, "-o", output, "--no-verify", "--json");
    expect({ code, verification: JSON.parse(out).verification }).toEqual({ code: 0, verification: null });
  });

  it("converts from a server, with the model's query for the shards as well", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      const name = /^\/m\/(model\.json|weights\.bin)\?v=1$/.exec(request.url!)?.[1];
      if (name) readFile(join(folder, name)).then((bytes) => response.end(bytes));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const output = join(folder, "fetched.onnx");
      expect(await command(`${origin}/m/model.json?v=1`, "-o", output)).toMatchObject({ code: 0, err: "" });
      expect(asked).toEqual(["/m/model.json?v=1", "/m/weights.bin?v=1"]);
      const missing = await command(`${origin}/model.json`, "-o", output);
      expect(missing).toMatchObject({ code: 2, err: expect.stringContaining("the server answers 404 Not Found") });
    } finally {
      server.close();
    }
    const refused = await command(`${origin}/m/model.json`, "-o", join(folder, "x.onnx"));
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cannot be read: (connect ECONNREFUSED|other side closed)/),
    });
  });

  it("says on a terminal what it is doing, on one line", async () => {
    const written: string[] = [];
    const write = (text: string): number => written.push(text);
    const plain = { write: () => {} };
    expect(await run([model, "-o", join(folder, "t.onnx")], { stdout: plain, stderr: { write, isTTY: true } })).toBe(0);
    const clear = "\r\u001b[2K";
    expect(written).toEqual([`${clear}reading ${model} …`, `${clear}comparing with TF.js …`, clear]);
  });

  it("colours its verdict on a terminal only, and not where NO_COLOR is set", async () => {
    const { good } = paintOn({ write: () => {}, isTTY: true }, {});
    expect(good("same")).toBe("\u001b[32msame\u001b[39;22m");
    for (const plain of [
      paintOn({ write: () => {} }, {}),
      paintOn({ write: () => {}, isTTY: true }, { NO_COLOR: "1" }),
    ])
      expect(plain.good("same")).toBe("same");
  });

  it.each([
    ["no model", ["-o", "x.onnx"], /Not enough non-option arguments/],
    ["no output", ["model.json"], /Missing required argument: output/],
    ["an unknown flag", ["model.json", "-o", "x.onnx", "--quantise"], /Unknown argument: quantise/],
    ["a scale that is none", ["model.json", "-o", "x.onnx", "--uint8-input", "a,b"], /SCALE,OFFSET/],
    ["a division by zero", ["model.json", "-o", "x.onnx", "--uint8-input", "1/0"], /SCALE,OFFSET/],
    ["a tolerance of zero", ["model.json", "-o", "x.onnx", "--tolerance", "0"], /above 0/],
    ["an opset that is none", ["model.json", "-o", "x.onnx", "--opset", "new"], /from 13 to 21/],
    ["a hash that is none", ["model.json", "-o", "x.onnx", "--sha256", "abc"], /64 hexadecimal/],
    ["a shape that is none", ["model.json", "-o", "x.onnx", "--shape", "x=1,a"], /NAME=1,224,224,3/],
    ["a shape without extents", ["model.json", "-o", "x.onnx", "--shape", ""], /NAME=1,224,224,3/],
    ["two softmaxes", ["model.json", "-o", "x.onnx", "--classifier", "--softmax"], /softmax of its own/],
    ["a seed that is none", ["model.json", "-o", "x.onnx", "--seed", "1.5"], /expected an integer/],
    ["a temperature of zero", ["model.json", "-o", "x.onnx", "--classifier", "--temperature", "0"], /above 0/],
    ["a temperature alone", ["model.json", "-o", "x.onnx", "--temperature", "2"], /needs --classifier/],
    ["metadata without a value", ["model.json", "-o", "x.onnx", "--metadata", "seed"], /KEY=VALUE/],
  ])("refuses %s with exit code 2 and a hint", async (_, argv, message) => {
    const { code, err } = await command(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).toContain("--help");
  });

  it("prints help with examples, and its version", async () => {
    expect((await command("--help")).out).toMatch(/Examples:[\s\S]*--uint8-input 1\/255,0 --classifier/);
    const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect((await command("--version")).out).toBe(`${manifest.version}\n`);
  });

  const withShards =
    (...paths: string[]) =>
    (json: Json) => ({ ...json, weightsManifest: [{ ...json.weightsManifest[0], paths }] });
  const withFirstWeight = (fields: object) => (json: Json) => {
    const [{ weights, ...group }] = json.weightsManifest;
    return { ...json, weightsManifest: [{ ...group, weights: [{ ...weights[0], ...fields }, ...weights.slice(1)] }] };
  };

  it.each<[string, (json: Json) => unknown, RegExp]>([
    ["what is not JSON", () => "not json", /is not JSON/],
    ["a list", () => [], /JSON object/],
    ["another kind of JSON", () => ({ name: "glyphcast" }), /weightsManifest/],
    ["a GraphModel without nodes", (json) => ({ ...json, format: "graph-model" }), /no list of nodes/],
    ["a shard that is not there", withShards("w.bin"), /cannot be read/],
    ["a path out of the folder", withShards("../weights.bin"), /inside the model's/],
    ["an absolute path", withShards("/etc/passwd"), /inside the model's/],
    ["a URL", withShards("http://example.org/weights.bin"), /inside the model's/],
    ["a Windows path", withShards("C:\\weights.bin"), /inside the model's/],
    ["a short shard", withFirstWeight({ shape: [5, 5, 1, 99] }), /need \d+ bytes, found/],
    ["a missing weight", withFirstWeight({ name: "x/kernel" }), /"conv1\/kernel" is missing/],
  ])("refuses %s with exit code 2, and writes nothing", async (_, change, message) => {
    const path = await broken(change);
    const output = join(path, "..", "out.onnx");
    const { code, err } = await command(path, "-o", output);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) });
    expect((await readdir(join(path, ".."))).toSorted()).toEqual(["model.json", "weights.bin"]);
  });

  it("lists all unknown layers at once", async () => {
    const path = await broken((json) => {
      const { layers } = json.modelTopology.config;
      layers[2].class_name = "Shimmer";
      layers[5].class_name = "Sparkle";
    });
    const { code, err } = await command(path, "-o", join(folder, "x.onnx"));
    expect(code).toBe(2);
    expect(err).toContain('Shimmer: "relu1"');
    expect(err).toContain('Sparkle: "relu2"');
  });

  it("leaves no partial file where the output cannot be written", async () => {
    const taken = join(folder, "taken");
    await mkdir(join(taken, "out.onnx"), { recursive: true });
    const { code, err } = await command(model, "-o", join(taken, "out.onnx"));
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("cannot be written") });
    expect(await readdir(taken)).toEqual(["out.onnx"]);
    expect((await command(model, "-o", join(folder, "nowhere", "out.onnx"))).code).toBe(2);
  });

  it("shows the stack only when asked", async () => {
    const missing = join(folder, "missing.json");
    expect((await command(missing, "-o", "x.onnx")).err).not.toContain("    at ");
    expect((await command(missing, "-o", "x.onnx", "--verbose")).err).toContain("    at ");
  });

  it("runs as a process of its own", async () => {
    const output = join(folder, "spawned.onnx");
    const sources = fileURLToPath(new URL("../../../test/typescript.mjs", import.meta.url));
    const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));
    const spawned = promisify(execFile)(process.execPath, ["--import", sources, cli, model, "-o", output]);
    await expect(spawned).resolves.toMatchObject({ stderr: "" });
    expect(decodeModel(await readFile(output)).graph.name).toMatch(/^sequential/);
    const failed = promisify(execFile)(process.execPath, ["--import", sources, cli, "nowhere.json", "-o", output]);
    await expect(failed).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be read") });
  });
});
