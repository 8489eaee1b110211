import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { broadcastable, extent, flag, floats, type Spread } from "../values.ts";
import { type OpCases, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const smooth: Spread = { kinks: [] };

const matMul: fc.Arbitrary<Case> = fc
  .record({
    batch: broadcastable(2),
    extents: fc.tuple(extent, extent, extent),
    vector: fc.constantFrom("none", "none", "left", "right", "both"),
  })
  .chain(({ batch: [a = [], b = []], extents: [rows, inner, columns], vector }) =>
    floats(
      [
        vector === "left" || vector === "both" ? [inner] : [...a, rows, inner],
        vector === "right" || vector === "both" ? [inner] : [...b, inner, columns],
      ],
      smooth,
    ).map((inputs) => ({ inputs })),
  );

const gemm: fc.Arbitrary<Case> = fc
  .record({
    extents: fc.tuple(extent, extent, extent),
    transA: flag,
    transB: flag,
    alpha: fc.constantFrom(1, 0.5),
    beta: fc.constantFrom(1, 2),
    bias: fc.constantFrom("none", "scalar", "row", "column", "matrix"),
  })
  .chain(({ extents: [rows, inner, columns], bias, ...attributes }) => {
    const c = { none: [], scalar: [[]], row: [[columns]], column: [[rows, 1]], matrix: [[rows, columns]] }[bias];
    const [a, b] = [
      attributes.transA ? [inner, rows] : [rows, inner],
      attributes.transB ? [columns, inner] : [inner, columns],
    ];
    return floats([a, b, ...c], smooth).map((inputs) => ({ inputs, attributes }));
  });

/** Any letters for the operands, repeated or not, and any of them for the output, or none named at all. */
const einsum: fc.Arbitrary<Case> = fc
  .record({
    operands: fc.array(
      fc.record({
        letters: fc.array(fc.constantFrom(..."ijkl"), { maxLength: 3 }),
        dots: fc.option(fc.nat({ max: 3 })),
        single: fc.tuple(fc.boolean(), fc.boolean()),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    extents: fc.record({ i: extent, j: extent, k: extent, l: extent }),
    hidden: fc.array(extent, { maxLength: 2 }),
    output: fc.option(fc.tuple(fc.shuffledSubarray([..."ijkl"]), fc.boolean())),
  })
  .filter(({ operands, hidden }) =>
    operands.every(({ letters, dots }) => letters.length > 0 || (dots !== null && hidden.length > 0)),
  )
  .chain(({ operands, extents, hidden, output }) => {
    const given = operands.map(({ letters, dots, single }) => {
      const at = Math.min(dots ?? 0, letters.length);
      const dims = letters.map((letter) => extents[letter as "i"]);
      if (dots === null) return { term: letters.join(""), shape: dims };
      const inner = hidden.map((extent, i) => (single[i] ? 1 : extent));
      return {
        term: `${letters.slice(0, at).join("")}...${letters.slice(at).join("")}`,
        shape: [...dims.slice(0, at), ...inner, ...dims.slice(at)],
      };
    });
    const left = given.map(({ term }) => term).join(",");
    const dotted = left.includes("...");
    const right = output && `${dotted ? "..." : ""}${output[0].filter((letter) => left.includes(letter)).join("")}`;
    const equation = right === null ? left : `${left}->${right}`;
    return floats(
      given.map(({ shape }) => shape),
      smooth,
    ).map((inputs) => ({ inputs, attributes: { equation } }));
  });

export const LINEAR_CASES = {
  MatMul: { cases: matMul, precision: STRAIGHT },
  Gemm: { cases: gemm, precision: STRAIGHT },
  Einsum: { cases: einsum, precision: STRAIGHT },
} satisfies Record<string, OpCases>;
