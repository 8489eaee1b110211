import { type Rule, rule, type Site } from "../rule.ts";
import { fromFront, known } from "./axes.ts";
import { adjointAlong, identityOf } from "./linear-map.ts";

/** How one axis is resized. */
interface Resized {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  /** Where the scale is given rather than the size. */
  readonly scale: number | undefined;
  /** The part that is resized, of coordinate_transformation_mode tf_crop_and_resize. */
  readonly region: readonly [start: number, end: number];
}

function resizedAxes(site: Site): readonly Resized[] {
  const { node, shape, outputShape, attribute } = site;
  const every = [...shape(0).keys()];
  const axes = attribute("axes", every).map((axis) => fromFront(axis, every.length));
  const scales = node.inputs[2] ? known(site, 2, "scales") : [];
  const crops = attribute("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const roi = crops ? known(site, 1, "roi") : [];
  return axes
    .map((axis, i) => ({
      axis,
      from: shape(0)[axis]!,
      to: outputShape(0)[axis]!,
      scale: scales[i],
      region: [roi[i] ?? 0, roi[i + axes.length] ?? 1] as const,
    }))
    .filter(({ from, to, scale = 1 }) => crops || from !== to || scale !== 1);
}

// What carries over to the resizing of a single axis.
const KEPT = [
  "antialias",
  "coordinate_transformation_mode",
  "cubic_coeff_a",
  "exclude_outside",
  "mode",
  "nearest_mode",
];

/**
 * Whatever its mode, Resize is a linear map of one axis after another. What it makes of the identity is the matrix of
 * that map, so the operator itself is asked for it.
 */
export const Resize: Rule<void> = rule((site) => {
  const { g, node, dy, attribute } = site;
  const policy = attribute("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") site.fail(`keep_aspect_ratio_policy ${policy}; give the sizes that it leads to.`);
  const attributes = Object.fromEntries(
    KEPT.flatMap((name) => (name in node.attributes ? [[name, attribute(name, 0)]] : [])),
  );
  let gradient = dy(0);
  for (const { axis, from, to, scale, region } of resizedAxes(site)) {
    const identity = g.reshape(identityOf(g, from), [1, 1, from, from]);
    const roi = g.floats([0, 0, 0, region[0], 1, 1, 1, region[1]]);
    const extents = scale === undefined ? ["", g.ints([1, 1, from, to])] : [g.floats([1, 1, 1, scale])];
    const matrix = g.op("Resize", [identity, roi, ...extents], attributes);
    gradient = adjointAlong(g, gradient, axis, g.reshape(matrix, [from, to]));
  }
  return [gradient];
});
