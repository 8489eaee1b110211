import process from "node:process";
import { checkModel } from "@glyphcast/onnx";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { compose, composeAny, feedsOfAny, steps, TRAINABLE } from "../test/zoo/compose.ts";
import { graphFromLayers, TfjsError, weightsFromParameters } from "./index.ts";
import {
  expectConverts,
  expectSame,
  type Feed,
  feedsOf,
  randomise,
  runOnnx,
  runTfjs,
  save,
  tfc,
  tfl,
} from "./testing.ts";

/** `npm run test:zoo` asks for more, from a seed of its own. */
const [RUNS, SEED] = [Number(process.env.ZOO_RUNS ?? 200), Number(process.env.ZOO_SEED ?? 2024)];

vi.spyOn(console, "warn").mockImplementation(() => {});

const l = tfl.layers;
type Tensor = tfl.SymbolicTensor;

/** TF.js's answers; none where it fails, as it does where it hands a mask to a layer of other steps. */
function answers(model: tfl.LayersModel, feeds: readonly Feed[]): Feed[] | undefined {
  try {
    return runTfjs(model, feeds);
  } catch {
    return undefined;
  }
}

/** The layers with what was chosen of them, and what each reads. */
const describe = ({ layers }: tfl.LayersModel): string =>
  layers
    .map((layer) => {
      const config = JSON.stringify(layer.getConfig(), (key, value) =>
        /(Initializer|Regularizer|Constraint)$/.test(key) || value === null ? undefined : value,
      );
      const reads = layer.inboundNodes.map(({ inboundLayers }) => inboundLayers.map(({ name }) => name));
      return `${layer.getClassName()} ${config} of ${JSON.stringify(reads)}`;
    })
    .join("\n");

it("converts any composition of layers, to any operator set", { timeout: 60_000 + RUNS * 500 }, async () => {
  const count = { layers: 0, refused: 0 };
  const opsets = fc.constantFrom(17, 17, 17, 13, 15, 18, 20, 21);
  const property = fc.asyncProperty(
    fc.nat(1000),
    fc.boolean(),
    steps,
    fc.nat(1000),
    opsets,
    async (kind, sequential, decisions, seed, opset) => {
      const model = composeAny(kind, sequential, decisions);
      randomise(model, seed);
      try {
        // Normalising what hardly varies magnifies rounding.
        checkModel(await expectConverts(model, { opset }, feedsOfAny, 1e-4));
        count.layers += model.layers.length;
      } catch (error) {
        // Masks end where TF.js would fail, or would hand them on in a way that only it can; open extents, where the
        // padding of windows smaller than their strides depends on them.
        const { json } = await save(model);
        const said =
          error instanceof TfjsError &&
          (JSON.stringify(json).includes('"mask_zero":true') || /known extents/.test(error.message));
        if (!said && answers(model, feedsOfAny(model, 2))) throw new Error(describe(model), { cause: error });
        count.refused++;
      } finally {
        tfc.disposeVariables();
      }
    },
  );
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
  expect(count.layers).toBeGreaterThan(RUNS * 4);
  expect(count.refused).toBeLessThan(RUNS / 20);
});

it("computes in training what TF.js computes in training", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(1000), async (decisions, seed) => {
      // TF.js cannot train a batch normalisation without gamma or beta, and what dropout drops cannot be compared.
      const { inputs, outputs } = compose(
        decisions.map((s) => ({ ...s, same: true, bias: true })),
        TRAINABLE,
      );
      const column = l.reshape({ targetShape: [-1, 1] as number[] }).apply(outputs.at(-1)!) as Tensor;
      const features = l.globalMaxPooling1d({}).apply(column) as Tensor;
      const model = tfl.model({ inputs, outputs: l.dense({ units: 3 }).apply(features) as Tensor });
      fc.pre(model.layers.every((layer) => layer.getClassName() !== "Dropout"));
      randomise(model, seed);
      const { json, weights } = await save(model);
      const { model: onnx } = graphFromLayers(json, weights, { training: true });
      const [feed] = feedsOf(model, 3);
      const [expected] = runTfjs(model, [feed!], { training: true });
      const { logits } = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
      // A batch's statistics magnify rounding where a channel hardly varies.
      expectSame(logits!, expected!, 1e-4);
    }),
    { numRuns: 100, seed: 2026 },
  );
});

it("takes the weights of any composition to a training graph and back, bit for bit", { timeout: 120_000 }, async () => {
  let converted = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.boolean(), steps, fc.nat(1000), async (kind, sequential, decisions, seed) => {
      const { inputs, outputs } = composeAny(kind, sequential, decisions);
      const model = tfl.model({ inputs, outputs: outputs.at(-1)! });
      randomise(model, seed);
      const { json, weights } = await save(model);
      try {
        const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
        const back = weightsFromParameters(origins, onnx.graph.initializers);
        expect(new Map([...back].toSorted())).toEqual(new Map([...weights].toSorted()));
        converted++;
      } catch (error) {
        // Some layers only serve: those that are masked, or that ONNX has no operator for.
        if (!(error instanceof TfjsError)) throw error;
      }
    }),
    { numRuns: 100, seed: 2025 },
  );
  expect(converted).toBeGreaterThan(50);
});
