import type { Emitter } from "../emitter.ts";
import { type Rule, rule } from "../rule.ts";

/** [batch, channels, …] with its blocks laid out in depth as DepthToSpace's mode CRD reads them. */
function gatherBlocks(g: Emitter, value: string, size: number): string {
  const [batch = 1, channels = 1, height = 1, width = 1] = g.shape(value);
  const apart = g.reshape(value, [batch, channels, height / size, size, width / size, size]);
  const deep = g.transpose(apart, [0, 1, 3, 5, 2, 4]);
  return g.reshape(deep, [batch, channels * size ** 2, height / size, width / size]);
}

export const DepthToSpace: Rule<void> = rule(({ g, dy, attribute }) => {
  const blocksize = attribute("blocksize", 1);
  return [
    attribute("mode", "DCR") === "CRD"
      ? gatherBlocks(g, dy(0), blocksize)
      : g.op("SpaceToDepth", [dy(0)], { blocksize }),
  ];
});

export const SpaceToDepth: Rule<void> = rule(({ g, dy, attribute }) => [
  g.op("DepthToSpace", [dy(0)], { blocksize: attribute("blocksize", 1), mode: "DCR" }),
]);
