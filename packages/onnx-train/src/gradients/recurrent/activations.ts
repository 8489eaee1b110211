import type { Emitter } from "../../emitter.ts";
import type { Site } from "../../rule.ts";
import { throughSigmoid, throughTanh } from "../activation.ts";

/** An activation of a recurrent cell, whose slope can be told from what it gives. */
export interface Activation {
  apply(g: Emitter, x: string): string;
  /** The gradient of x from y and the gradient of y. */
  through(g: Emitter, y: string, dy: string): string;
}

interface Kind {
  /** What stands for activation_alpha and activation_beta where they are not given; absent where there is none to give. */
  readonly alpha?: number | "needed";
  readonly beta?: number | "needed";
  make(alpha: number, beta: number): Activation;
}

const whereAbove = (g: Emitter, y: string, dy: string, otherwise: string): string =>
  g.where(g.op("Greater", [y, g.floats(0)]), dy, otherwise);

const ACTIVATIONS: Readonly<Record<string, Kind>> = {
  Affine: {
    alpha: "needed",
    beta: "needed",
    make: (alpha, beta) => ({
      apply: (g, x) => g.add(g.scale(x, alpha), g.floats(beta)),
      through: (g, _, dy) => g.scale(dy, alpha),
    }),
  },
  Elu: {
    alpha: 1,
    make: (alpha) => ({
      apply: (g, x) => g.op("Elu", [x], { alpha }),
      // y = α·(eˣ − 1) where x ≤ 0
      through: (g, y, dy) => whereAbove(g, y, dy, g.mul(dy, g.add(y, g.floats(alpha)))),
    }),
  },
  HardSigmoid: {
    alpha: 0.2,
    beta: 0.5,
    make: (alpha, beta) => ({
      apply: (g, x) => g.op("HardSigmoid", [x], { alpha, beta }),
      through: (g, y, dy) => {
        const inside = g.op("And", [g.op("Greater", [y, g.floats(0)]), g.op("Less", [y, g.floats(1)])]);
        return g.where(inside, g.scale(dy, alpha), g.floats(0));
      },
    }),
  },
  LeakyRelu: {
    alpha: 0.01,
    make: (alpha) => ({
      apply: (g, x) => g.op("LeakyRelu", [x], { alpha }),
      through: (g, y, dy) => whereAbove(g, y, dy, g.scale(dy, alpha)),
    }),
  },
  Relu: {
    make: () => ({
      apply: (g, x) => g.op("Relu", [x]),
      through: (g, y, dy) => whereAbove(g, y, dy, g.floats(0)),
    }),
  },
  ScaledTanh: {
    alpha: "needed",
    beta: "needed",
    // y = α·tanh(β·x), so that dy/dx = β·(α − y²/α)
    make: (alpha, beta) => ({
      apply: (g, x) => g.scale(g.op("Tanh", [g.scale(x, beta)]), alpha),
      through: (g, y, dy) => g.mul(dy, g.sub(g.floats(alpha * beta), g.scale(g.square(y), beta / alpha))),
    }),
  },
  Sigmoid: { make: () => ({ apply: (g, x) => g.op("Sigmoid", [x]), through: throughSigmoid }) },
  Softplus: {
    // σ(x) = 1 − e⁻ʸ
    make: () => ({
      apply: (g, x) => g.op("Softplus", [x]),
      through: (g, y, dy) => g.mul(dy, g.sub(g.floats(1), g.op("Exp", [g.neg(y)]))),
    }),
  },
  Softsign: {
    // 1/(1 + |x|) = 1 − |y|
    make: () => ({
      apply: (g, x) => g.op("Softsign", [x]),
      through: (g, y, dy) => g.mul(dy, g.square(g.sub(g.floats(1), g.op("Abs", [y])))),
    }),
  },
  Tanh: { make: () => ({ apply: (g, x) => g.op("Tanh", [x]), through: throughTanh }) },
};

/** The activations of each direction, one list after another; alpha and beta go to those that have them, in order. */
export function activationsOf(site: Site, directions: number, defaults: readonly string[]): readonly Activation[][] {
  const { node, attribute, fail } = site;
  const all = Array.from({ length: directions }, () => defaults).flat();
  const names = (node.attributes.activations as readonly string[] | undefined) ?? all;
  if (names.length !== all.length)
    fail(`${names.length} activations (${names.join(", ")}) are given, expected ${all.length}.`);
  const [alphas, betas] = [[...attribute("activation_alpha", [])], [...attribute("activation_beta", [])]];
  const known = Object.keys(ACTIVATIONS);
  const activations = names.map((name) => {
    const found = known.find((one) => one.toLowerCase() === name.toLowerCase());
    if (found === undefined) fail(`activation ${name}; it can be trained with ${known.join(", ")}.`);
    const { alpha, beta, make } = ACTIVATIONS[found!]!;
    const given = (attribute: string, values: number[], otherwise: number | "needed" | undefined): number => {
      const value = otherwise === undefined ? Number.NaN : (values.shift() ?? otherwise);
      return value === "needed"
        ? fail(`activation ${name} without ${attribute}, for which there is no default.`)
        : value;
    };
    return make(given("activation_alpha", alphas, alpha), given("activation_beta", betas, beta));
  });
  return Array.from({ length: directions }, (_, at) =>
    activations.slice(at * defaults.length, (at + 1) * defaults.length),
  );
}
