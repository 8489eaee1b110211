import { likeFirst, likeFirstAlongAxis, type ShapeRule, typed } from "./rule.ts";

export const NORMALISATIONS: Readonly<Record<string, ShapeRule>> = {
  /** In training mode the running mean and variance come out too, shaped like those that went in. */
  BatchNormalization: (node) => [
    node.type(0),
    ...[3, 4].slice(0, node.node.outputs.length - 1).map((i) => node.type(i)),
  ],
  GroupNormalization: likeFirst,
  InstanceNormalization: likeFirst,
  LRN: likeFirst,
  LayerNormalization: (node) => {
    const type = node.type(0);
    const axis = type?.shape && node.axis(node.attribute("axis", -1), type.shape.length);
    const statistics = typed(
      "float32",
      type?.shape?.map((dim, i) => (i < axis! ? dim : 1)),
    );
    return [type, statistics, statistics].slice(0, node.node.outputs.length);
  },
  LpNormalization: likeFirstAlongAxis,
  MeanVarianceNormalization: likeFirst,
  Dropout: (node) => {
    const type = node.type(0);
    const mask = type && (node.opset < 10 ? type : { ...type, dtype: "bool" as const });
    return [type, mask].slice(0, node.node.outputs.length);
  },
};
