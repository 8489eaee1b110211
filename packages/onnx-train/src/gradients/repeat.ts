import { type Rule, rule } from "../rule.ts";
import { known } from "./axes.ts";
import { unbroadcast } from "./unbroadcast.ts";

export const Expand: Rule<void> = rule(({ g, dy, shape }) => [unbroadcast(g, dy(0), shape(0))]);

// Each copy gives its gradient back.
export const Tile: Rule<void> = rule((site) => {
  const { g, dy, shape } = site;
  const repeats = known(site, 1, "repeats");
  const apart = g.reshape(
    dy(0),
    shape(0).flatMap((extent, axis) => [repeats[axis]!, extent]),
  );
  const copies = [...repeats.keys()].filter((axis) => repeats[axis] !== 1).map((axis) => 2 * axis);
  return [g.reshape(g.sum(apart, copies), shape(0))];
});
