import { float32, GraphBuilder, type Model, modelOf } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/optimisers.json" with { type: "json" };
import { meanSquaredError } from "../losses/elementwise.ts";
import { ort } from "../testing.ts";
import { TrainSession } from "../train-session.ts";
import { buildTrainStep } from "../train-step.ts";
import { accumulateGradients } from "./accumulate.ts";
import { adam, adamW } from "./adam.ts";
import { averageOf, exponentialAverage } from "./average.ts";
import { lion } from "./lion.ts";
import { sgd } from "./sgd.ts";
import { clipByGlobalNorm } from "./stages.ts";
import { chain, type Transform } from "./transform.ts";

type Options = { weightDecay?: number; decays?: string; count?: number; most?: number };

const optimisers: Record<string, (options: Options) => Transform> = {
  adam,
  adamW: ({ decays, ...options }: Options) =>
    adamW({ ...options, ...(decays && { decays: (name: string) => name === decays }) }),
  accumulateGradients: ({ count }: Options) => accumulateGradients(count!, adam()),
  clipByGlobalNorm: ({ most }: Options) => chain(clipByGlobalNorm(most!), sgd()),
  lion: ({ weightDecay = 0 }: Options) => lion({ weightDecay }),
  sgd,
};

/** y = x·kernel + bias */
function linear(): Model {
  const g = new GraphBuilder("linear");
  const x = g.input("x", "float32", ["batch", 3]);
  const kernel = g.initializer("kernel", float32([3, 2], fixture.kernel));
  const bias = g.initializer("bias", float32([2], fixture.bias));
  g.output(g.op("Add", [g.op("MatMul", [x, kernel]), bias]), "y");
  return modelOf(g.build());
}

const start = (optimiser: Transform, options: object = {}) =>
  TrainSession.create(
    ort,
    buildTrainStep(linear(), { loss: meanSquaredError(), optimiser, dims: { batch: 4 }, ...options }),
  );

const take = (session: TrainSession, i: number) =>
  session.step(
    { x: Float32Array.from(fixture.batches[i]!.x) },
    Float32Array.from(fixture.batches[i]!.y),
    fixture.rates[i]!,
  );

describe("optimisers move the weights as PyTorch's do, after 1 and 10 steps", () => {
  it.each(fixture.cases.map((one) => [`${one.name} ${JSON.stringify(one.options)}`, one] as const))(
    "%s",
    async (_, one) => {
      const session = await start(optimisers[one.name]!(one.options as Options));
      for (let i = 0; i < 10; i++) {
        await take(session, i);
        const expected = (one.after as Record<string, { kernel: number[]; bias: number[] }>)[i + 1];
        if (!expected) continue;
        const parameters = session.parameters();
        // Ten float32 steps from the same start.
        expect(parameters.get("kernel")!.data as Float32Array).toBeAllClose(expected.kernel, {
          rtol: 1e-5,
          atol: 1e-6,
        });
        expect(parameters.get("bias")!.data as Float32Array).toBeAllClose(expected.bias, { rtol: 1e-5, atol: 1e-6 });
      }
      await session.release();
    },
  );

  it("refuse options that make no sense", () => {
    expect(() => sgd({ nesterov: true })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(() => accumulateGradients(0, sgd())).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});

describe("the average of the weights", () => {
  it("follows them by min(decay, (1 + t) / (10 + t))", async () => {
    const session = await start(sgd(), { average: exponentialAverage(0.2) });
    let expected = Float64Array.from(fixture.kernel);
    for (let i = 0; i < 5; i++) {
      await take(session, i);
      const decay = Math.min(0.2, (2 + i) / (11 + i));
      const kernel = session.parameters().get("kernel")!.data as Float32Array;
      expected = expected.map((average, j) => decay * average + (1 - decay) * kernel[j]!);
    }
    expect(session.averages().get("kernel")!.data as Float32Array).toBeAllClose(expected, { rtol: 1e-5 });
    expect(averageOf("kernel")).toBe("ema/kernel");
    await session.release();
  });
});
