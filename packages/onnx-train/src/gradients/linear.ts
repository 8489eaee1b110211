import type { Emitter } from "../emitter.ts";
import { type Rule, rule } from "../rule.ts";
import { unbroadcast } from "./unbroadcast.ts";

const swapLast = (g: Emitter, a: string): string => {
  const rank = g.shape(a).length;
  return g.transpose(a, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
};

// Y = A·B:  dA = dY·Bᵀ, dB = Aᵀ·dY; a vector is a row on the left and a column on the right
export const MatMul: Rule<void> = rule(({ g, x, dy, shape }) => {
  const [left, right] = [shape(0), shape(1)];
  const a = left.length === 1 ? g.reshape(x(0), [1, ...left]) : x(0);
  const b = right.length === 1 ? g.reshape(x(1), [...right, 1]) : x(1);
  const batch = g.shape(dy(0)).slice(0, g.shape(dy(0)).length - Number(left.length > 1) - Number(right.length > 1));
  const d = g.reshape(dy(0), [...batch, g.shape(a).at(-2)!, g.shape(b).at(-1)!]);
  const da = g.matmul(d, swapLast(g, b));
  const db = g.matmul(swapLast(g, a), d);
  return [g.reshape(unbroadcast(g, da, g.shape(a)), left), g.reshape(unbroadcast(g, db, g.shape(b)), right)];
});

// Y = α·A′·B′ + β·C:  dA′ = α·dY·B′ᵀ, dB′ = α·A′ᵀ·dY, dC = β·dY, where ′ is an optional transposition
export const Gemm: Rule<void> = rule(({ g, node, x, dy, shape, attribute }) => {
  const [alpha, beta] = [attribute("alpha", 1), attribute("beta", 1)];
  const [transA, transB] = [attribute("transA", 0), attribute("transB", 0)];
  const [a, b, d] = [x(0), x(1), dy(0)];
  const da = transA
    ? g.op("Gemm", [b, d], { alpha, transA: transB, transB: 1 })
    : g.op("Gemm", [d, b], { alpha, transB: 1 - transB });
  const db = transB
    ? g.op("Gemm", [d, a], { alpha, transA: 1, transB: transA })
    : g.op("Gemm", [a, d], { alpha, transA: 1 - transA });
  const dc = () => unbroadcast(g, beta === 1 ? d : g.mul(d, g.floats(beta)), shape(2));
  return [da, db, node.inputs[2] ? dc() : undefined];
});
