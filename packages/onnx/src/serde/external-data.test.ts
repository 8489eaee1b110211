import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { DecodeError, decodeModel, externalDataOf, float32, GraphBuilder, modelOf } from "../index.ts";
import { encodeModel } from "./encode.ts";

const { FLOAT } = onnx.TensorProto.DataType;

/** A tensor whose data lies where `said` says. */
const external = (name: string, said: Readonly<Record<string, string>>): onnx.ITensorProto => ({
  ...{ name, dataType: FLOAT, dims: [2], dataLocation: 1 },
  externalData: Object.entries(said).map(([key, value]) => ({ key, value })),
});

const modelWith = (...initializer: onnx.ITensorProto[]): Uint8Array =>
  onnx.ModelProto.encode({ graph: { name: "g", initializer } }).finish();

describe("external data", () => {
  const model = modelWith(
    external("rest", { location: "weights.bin", offset: "8" }),
    external("part", { location: "weights.bin", offset: "4", length: "8", checksum: "0" }),
    external("all", { location: "deeper/w.bin" }),
  );

  it("is listed with its places", () => {
    expect(externalDataOf(model)).toEqual([
      { tensor: "rest", location: "weights.bin", offset: 8 },
      { tensor: "part", location: "weights.bin", offset: 4, length: 8 },
      { tensor: "all", location: "deeper/w.bin", offset: 0 },
    ]);
    const g = new GraphBuilder("inside");
    g.output(g.initializer("w", float32([1], [1])), "y");
    expect(externalDataOf(encodeModel(modelOf(g.build())))).toEqual([]);
  });

  it("is listed in subgraphs and attributes, too", () => {
    const graph = (location: string) => ({ name: "inner", initializer: [external("w", { location })] });
    const attribute = [
      { name: "value", type: 4, t: external("t", { location: "t.bin" }) },
      { name: "then_branch", type: 5, g: graph("then.bin") },
      { name: "branches", type: 10, graphs: [graph("one.bin")] },
    ];
    const bytes = onnx.ModelProto.encode({ graph: { name: "g", node: [{ opType: "If", attribute }] } }).finish();
    expect(externalDataOf(bytes).map(({ location }) => location)).toEqual(["t.bin", "then.bin", "one.bin"]);
  });

  it("becomes part of the model when its files are given", () => {
    const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
    // As Node reads files: somewhere in a larger buffer.
    const weights = Buffer.from(floats(9, 1, 2, 3)).subarray(0);
    const files = new Map<string, Uint8Array>([
      ["weights.bin", weights],
      ["deeper/w.bin", floats(5, 6)],
    ]);
    const { initializers } = decodeModel(model, { external: files }).graph;
    expect(initializers).toEqual(
      new Map([
        ["rest", float32([2], [2, 3])],
        ["part", float32([2], [1, 2])],
        ["all", float32([2], [5, 6])],
      ]),
    );
    weights.fill(0);
    expect(initializers.get("part")).toEqual(float32([2], [1, 2]));
  });

  it.each<[string, Uint8Array, ReadonlyMap<string, Uint8Array>, RegExp]>([
    ["a file that is not given", model, new Map(), /"rest" keeps its data in another file/],
    ["a file that is too short", model, new Map([["weights.bin", new Uint8Array(9)]]), /bytes 4 to 12 of .* has 9/],
    ["no location", modelWith(external("w", {})), new Map(), /"w" .* does not say which/],
    ["an offset that is none", modelWith(external("w", { location: "w", offset: "-4" })), new Map(), /offset .* "-4"/],
    ["too few elements", modelWith(external("w", { location: "w" })), new Map([["w", new Uint8Array(4)]]), /found 1/],
  ])("is refused for %s", (_, bytes, files, message) => {
    expect(() => decodeModel(bytes, { external: files })).toThrow(DecodeError);
    expect(() => decodeModel(bytes, { external: files })).toThrow(message);
  });
});
