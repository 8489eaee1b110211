import { describe, expect, it } from "vitest";
import { KINDS } from "../../../test/zoo/recurrent.ts";
import { graphFromLayers, weightsFromParameters } from "../../index.ts";
import { expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save, tfl } from "../../testing.ts";

const l = tfl.layers;
type Symbolic = tfl.SymbolicTensor;

const chain = (...layers: Parameters<tfl.Sequential["add"]>[0][]): tfl.LayersModel => tfl.sequential({ layers });

async function refusal(model: tfl.LayersModel, edit: (json: string) => string = (json) => json): Promise<unknown> {
  const { json, weights } = await save(model);
  try {
    graphFromLayers(JSON.parse(edit(JSON.stringify(json))), weights);
  } catch (error) {
    return error;
  }
  throw new Error("It converts.");
}

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])("%s", (kind) => {
  const operator = kind === "SimpleRNN" ? "RNN" : kind;

  it("is one operator between the Transpose of its input and nothing", async () => {
    const { json, weights } = await save(chain(l.inputLayer({ inputShape: [5, 3] }), KINDS[kind]()));
    const { model } = graphFromLayers(json, weights);
    expect(opsOf(model)).toEqual(["Transpose", operator, "Squeeze"]);
  });

  it("follows another without a Transpose between", async () => {
    const stack = chain(l.inputLayer({ inputShape: [5, 3] }), KINDS[kind]({ returnSequences: true }), KINDS[kind]());
    const { json, weights } = await save(stack);
    expect(opsOf(graphFromLayers(json, weights).model).filter((op) => op === "Transpose")).toHaveLength(1);
  });

  it("gives its weights back from a training graph, bit for bit, which computes what TF.js computes", async () => {
    const model = chain(
      l.inputLayer({ inputShape: [5, 3] }),
      l.bidirectional({
        layer: KINDS[kind]({ returnSequences: true, recurrentActivation: "sigmoid" }),
        mergeMode: "concat",
      }),
      KINDS[kind]({ useBias: kind !== "GRU" }),
    );
    randomise(model);
    const { json, weights } = await save(model);
    const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
    expect(new Map([...weightsFromParameters(origins, onnx.graph.initializers)].toSorted())).toEqual(
      new Map([...weights].toSorted()),
    );
    const [feed] = feedsOf(model);
    const { logits } = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
    expectSame(logits!, runTfjs(model, [feed!])[0]!);
  });

  it.each(["stateful", "time_major", "zero_output_for_mask", "num_constants"])("refuses %s", async (option) => {
    const model = chain(l.inputLayer({ inputShape: [5, 3] }), KINDS[kind]());
    const edit = (json: string): string =>
      json
        .replace('"stateful":false,', "")
        .replace('"units":4', `"units":4,"${option}":${option !== "num_constants" || 1}`);
    expect(await refusal(model, edit)).toMatchObject({ code: "TFJS_UNSUPPORTED_OPTION", option });
  });

  it("refuses to drop anything in a training graph", async () => {
    const model = chain(l.inputLayer({ inputShape: [5, 3] }), KINDS[kind]());
    const { json, weights } = await save(model);
    const edited = JSON.parse(JSON.stringify(json).replace('"recurrent_dropout":0', '"recurrent_dropout":0.5'));
    expect(() => graphFromLayers(edited, weights, { training: true })).toThrow(
      expect.objectContaining({ option: "dropout" }),
    );
    expect(opsOf(graphFromLayers(edited, weights).model)).toContain(operator);
  });
});

describe("refuses", () => {
  it("cells that are none, and stacks of nothing", async () => {
    const rnn = chain(
      l.inputLayer({ inputShape: [5, 3] }),
      l.rnn({ cell: l.gruCell({ units: 2, recurrentInitializer: "zeros" }) }),
    );
    expect(await refusal(rnn, (json) => json.replace('"GRUCell"', '"NASCell"'))).toMatchObject({ option: "cell" });
    expect(
      await refusal(rnn, (json) => json.replace('"GRUCell","config":{', '"StackedRNNCells","config":{"cells":[],')),
    ).toMatchObject({
      code: "TFJS_LAYER",
    });
  });

  it("Bidirectional of what does not walk", async () => {
    const model = chain(
      l.inputLayer({ inputShape: [5, 3] }),
      l.bidirectional({ layer: KINDS.GRU(), mergeMode: "sum" }),
    );
    const edit = (json: string): string => json.replace('"class_name":"GRU"', '"class_name":"Dense"');
    expect(await refusal(model, edit)).toMatchObject({ option: "layer" });
  });

  it("a mask of other steps than the layer's, where TF.js fails", async () => {
    const model = chain(
      l.embedding({ inputDim: 3, outputDim: 2, maskZero: true, inputLength: 6 }),
      l.conv1d({ filters: 2, kernelSize: 3 }),
      KINDS.LSTM(),
    );
    expect(await refusal(model)).toMatchObject({
      message: expect.stringContaining("mask [batch, 6] of an earlier layer"),
    });
  });

  it("a mask that Add has made, which has a shape of its own", async () => {
    const x = tfl.input({ shape: [6] });
    const embed = () => l.embedding({ inputDim: 3, outputDim: 2, maskZero: true }).apply(x) as Symbolic;
    const y = KINDS.LSTM().apply(l.add().apply([embed(), embed()]) as Symbolic) as Symbolic;
    expect(await refusal(tfl.model({ inputs: x, outputs: y }))).toMatchObject({
      message: expect.stringContaining("another shape in TF.js"),
    });
  });

  it("a Softmax layer that a mask reaches", async () => {
    const model = chain(
      l.embedding({ inputDim: 3, outputDim: 2, maskZero: true, inputLength: 6 }),
      KINDS.LSTM(),
      l.softmax(),
    );
    expect(await refusal(model)).toMatchObject({ layer: expect.stringContaining("Softmax") });
  });

  it("initial states that TF.js hands on to a layer without any, once there is a mask", async () => {
    const x = tfl.input({ shape: [6] });
    const embedded = l.embedding({ inputDim: 3, outputDim: 2, maskZero: true }).apply(x) as Symbolic;
    const [, ...states] = KINDS.LSTM({ returnState: true }).apply(embedded) as Symbolic[];
    const second = KINDS.LSTM({ returnSequences: true }).apply([embedded, ...states]) as Symbolic;
    const third = KINDS.LSTM().apply(second) as Symbolic;
    expect(await refusal(tfl.model({ inputs: x, outputs: third }))).toMatchObject({
      message: expect.stringContaining("would begin with the initial states"),
    });
  });

  it("as many initial states as there are not", async () => {
    const [x, h] = [tfl.input({ shape: [6, 3] }), tfl.input({ shape: [4], name: "h" })];
    const model = tfl.model({ inputs: [x, h], outputs: KINDS.GRU().apply([x, h]) as Symbolic });
    const edit = (json: string): string => json.replace('["h",0,0,{}]]]', '["h",0,0,{}],["h",0,0,{}]]]');
    expect(await refusal(model, edit)).toMatchObject({
      message: expect.stringContaining("2 initial states, expected 1"),
    });
  });
});
