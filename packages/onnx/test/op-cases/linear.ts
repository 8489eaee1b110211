import fc from "fast-check";
import { broadcastable, type Cases, extent, flag, ones, shapes } from "./tensors.ts";

const EQUATIONS: readonly string[] = [
  "ij,jk->ik",
  "ij,jk",
  "bij,bjk->bik",
  "bhqd,bhkd->bhqk",
  "ii->i",
  "ii",
  "ij->ji",
  "ij->",
  "i,j->ij",
  "...ij,...jk->...ik",
  "...ij->...ji",
  "i...->...i",
  "i...,i...",
  "b...c -> b...",
  "aB,Bc",
];

/** Extents for the letters of an equation, one shape per term; ellipses broadcast, of one rank for onnxruntime. */
const einsum: Cases = fc.constantFrom(...EQUATIONS).chain((equation) =>
  fc
    .record({
      extents: fc.array(extent, { minLength: 26, maxLength: 26 }),
      ellipsis: shapes(1, 2),
      single: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    })
    .map(({ extents, ellipsis, single }) => {
      const terms = equation.replaceAll(" ", "").split("->")[0]!.split(",");
      const of = (letters: string) => [...letters].map((letter) => extents[letter.toLowerCase().charCodeAt(0) - 97]!);
      return {
        inputs: terms.map((term, i) => {
          const [head = "", tail] = term.split("...");
          const inner = ellipsis.map((dim, axis) => (single[2 * i + axis] ? 1 : dim));
          return ones([...of(head), ...(tail === undefined ? [] : [...inner, ...of(tail)])]);
        }),
        attributes: { equation },
      };
    }),
);

/** Empty batches of vectors are refused by onnxruntime. */
const filled = (shape: readonly number[]) => shape.map((dim) => dim || 1);

export const LINEAR_CASES: Readonly<Record<string, Cases>> = {
  MatMul: fc
    .record({
      batch: broadcastable(2),
      rows: extent,
      inner: extent,
      columns: extent,
      left: fc.boolean(),
      right: fc.boolean(),
    })
    .map(({ batch: [a, b], rows, inner, columns, left, right }) => ({
      inputs: [
        ones(left ? [inner] : [...filled(a!), rows, inner]),
        ones(right ? [inner] : [...filled(b!), inner, columns]),
      ],
    })),
  Gemm: fc
    .record({ rows: extent, inner: extent, columns: extent, transA: flag, transB: flag, bias: fc.boolean() })
    .map(({ rows, inner, columns, transA, transB, bias }) => ({
      inputs: [
        ones(transA ? [inner, rows] : [rows, inner]),
        ones(transB ? [columns, inner] : [inner, columns]),
        bias ? ones([columns]) : undefined,
      ],
      attributes: { transA, transB, alpha: 0.5, beta: 2 },
    })),
  Einsum: einsum,
};
