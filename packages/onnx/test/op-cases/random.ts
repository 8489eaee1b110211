import fc from "fast-check";
import { PROTO_TYPE_OF } from "../../src/index.ts";
import { type Cases, emptyableShapes, maybe, merge, ones } from "./tensors.ts";

const drawn = merge(
  maybe("dtype", fc.constantFrom(PROTO_TYPE_OF.float32, PROTO_TYPE_OF.float64)),
  maybe("seed", fc.nat()),
);

const like: Cases = fc
  .tuple(emptyableShapes(0, 3), drawn)
  .map(([shape, attributes]) => ({ inputs: [ones(shape)], attributes }));

const shaped: Cases = fc
  .tuple(emptyableShapes(0, 3), drawn)
  .map(([shape, attributes]) => ({ inputs: [], attributes: { ...attributes, shape } }));

export const RANDOM_CASES: Readonly<Record<string, Cases>> = {
  Bernoulli: like,
  RandomNormal: shaped,
  RandomNormalLike: like,
  RandomUniform: shaped,
  RandomUniformLike: like,
};
