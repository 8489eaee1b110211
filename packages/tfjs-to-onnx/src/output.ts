import type { Dim } from "@glyphcast/onnx";
import { LayerError } from "./errors.ts";
import { nameOfAxis } from "./input.ts";
import type { Held } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { reduce } from "./opset.ts";
import type { Topology } from "./topology.ts";

export interface ClassifierOptions {
  /** Divides the logits before the softmax; above 1 makes the model less sure of itself. */
  readonly temperature?: number;
}

export interface OutputOptions {
  readonly training?: boolean;
  readonly classifier?: boolean | ClassifierOptions;
}

/** Declares the graph's outputs, and with them what comes after the last layer. */
export function declareOutputs(
  lowering: Lowering,
  model: Topology,
  outputs: readonly Held[],
  { training = false, classifier = false }: OutputOptions,
): void {
  const { g } = lowering;
  if (training || classifier) {
    g.output(logitsOf(lowering, model, outputs, Boolean(classifier)), "logits");
    if (classifier) declareClasses(lowering, model, classifier === true ? {} : classifier);
  } else
    for (const [i, x] of outputs.entries()) {
      const { layer } = model.outputs[i]!;
      const name = g.unique(layer);
      const value = lowering.plain(x, layer).name;
      const { dtype } = g.type(value);
      g.output(value, name, {
        dtype,
        shape: g.dims(value).map((dim, axis, all) => legible(dim, axis, all.length, name)),
      });
    }
  for (const { next } of lowering.origins) if (next !== undefined && training) g.output(next);
}

/** An open extent under a name of its own, unless it is that of an input: what inference calls it says nothing. */
const legible = (dim: Dim, axis: number, rank: number, output: string): Dim =>
  typeof dim === "string" && dim.includes(":") ? `${output}_${nameOfAxis(axis, rank)}` : dim;

/** The only output, before its softmax where it has one. */
function logitsOf(lowering: Lowering, model: Topology, outputs: readonly Held[], classifier: boolean): string {
  const where = `Model "${model.name}"`;
  const [output, ...others] = outputs;
  if (!output || others.length > 0)
    throw new LayerError(where, `It has ${outputs.length} outputs; logits need a model of one.`);
  const last = lowering.activated.get(output.name);
  if (classifier && last?.by === "sigmoid")
    throw new LayerError(where, "It ends in a sigmoid; a classifier ends in a softmax, or in its logits.");
  return lowering.plain(last?.by === "softmax" ? last.from : output, model.outputs[0]!.layer).name;
}

function declareClasses({ g }: Lowering, model: Topology, { temperature = 1 }: ClassifierOptions): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new LayerError(`Model "${model.name}"`, `The temperature is ${temperature}, expected a number above 0.`);
  const rank = g.dims("logits").length;
  if (rank !== 2)
    throw new LayerError(
      `Model "${model.name}"`,
      `Its output is [${g.dims("logits").join(", ")}]; a classifier's is [batch, classes].`,
    );
  const node = (name: string): { name: string; outputs: string[] } => ({ name, outputs: [name] });
  const cooled =
    temperature === 1 ? "logits" : g.op("Div", ["logits", g.floats(temperature)], {}, node("logits/temperature"));
  g.output(g.op("Softmax", [cooled], { axis: 1 }, node("probabilities")));
  g.output(reduce(g, "ReduceMax", "probabilities", [1], node("confidence")));
}
