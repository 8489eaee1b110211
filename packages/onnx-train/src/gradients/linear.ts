import type { Emitter } from "../emitter.ts";
import { copyNode, type Rule, rule, type Site } from "../rule.ts";
import { unbroadcast } from "./unbroadcast.ts";

const swapLast = (g: Emitter, a: string): string => {
  const rank = g.shape(a).length;
  return g.transpose(a, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
};

/** Both operands with at least two axes: a vector is a row on the left and a column on the right. */
function matrices({ g, x, shape }: Site): readonly [a: string, b: string] {
  const [left, right] = [shape(0), shape(1)];
  return [
    left.length === 1 ? g.reshape(x(0), [1, ...left]) : x(0),
    right.length === 1 ? g.reshape(x(1), [...right, 1]) : x(1),
  ];
}

// Y = A·B:  dA = dY·Bᵀ, dB = Aᵀ·dY
export const MatMul: Rule<void> = {
  forward(site) {
    const { g, put, shape, outputShape } = site;
    // A vector behind a Transpose onnxruntime (1.30) multiplies with the wrong elements, once it has fused the two.
    if (shape(0).length > 1 && shape(1).length > 1) copyNode(site);
    else put(0, "plain", g.reshape(g.matmul(...matrices(site)), outputShape(0)));
  },
  backward(site) {
    const { g, dy, shape, outputShape } = site;
    const [a, b] = matrices(site);
    const kept = [shape(0), shape(1)].filter(({ length }) => length > 1).length;
    const batch = outputShape(0).slice(0, outputShape(0).length - kept);
    const d = g.reshape(dy(0), [...batch, g.shape(a).at(-2)!, g.shape(b).at(-1)!]);
    const da = g.matmul(d, swapLast(g, b));
    const db = g.matmul(swapLast(g, a), d);
    return [g.reshape(unbroadcast(g, da, g.shape(a)), shape(0)), g.reshape(unbroadcast(g, db, g.shape(b)), shape(1))];
  },
};

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
