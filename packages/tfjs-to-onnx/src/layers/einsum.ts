import { activate } from "../activations.ts";
import { identity } from "../layout.ts";
import type { Call, LayerRule } from "./rule.ts";

/** `[X],[Y]->[Z]`, where X and Z may both begin or end with an ellipsis. */
const EQUATION = /^(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?$/;

const EinsumDense: LayerRule = {
  becomes: "Einsum, Add",
  notes: "of Keras",
  lower: (call) => {
    const { config } = call;
    const x = call.plain(call.input());
    const equation = `${config.raw("equation")}`.replaceAll(" ", "");
    const [, before, inputs = "", after, weights = "", , outputs = ""] = EQUATION.exec(equation) ?? [];
    if (weights === "")
      call.fail(`equation is ${JSON.stringify(config.raw("equation"))}, expected one like "abc,cd->abd".`);
    const elided = x.perm.length - inputs.length;
    if (elided < 0 || (elided > 0 && !before && !after))
      call.fail(
        `equation "${equation}" reads a tensor of rank ${inputs.length}, but it is given one of ${x.perm.length}.`,
      );

    const extents = extentsOf(call, before ? elided : 0, inputs, outputs);
    const extent = (letter: string): number =>
      extents.get(letter) ?? call.fail(`The extent of "${letter}" in "${equation}" has to be known.`);
    const kernel = call.weight("kernel", [...weights].map(extent));
    const product = call.op("Einsum", [x.name, kernel], { equation });
    const biasAxes = config.raw("bias_axes");
    const perm = identity(outputs.length + elided);
    if (typeof biasAxes !== "string" || biasAxes === "") return activate(call, { name: product, perm });
    // The bias has the output's axes from the first of its own on, 1 where it is the same for all.
    const first = Math.min(...[...biasAxes].map((letter) => outputs.indexOf(letter)));
    if (first < 0) call.fail(`bias_axes "${biasAxes}" are not all axes of "${outputs}".`);
    const shape = [...outputs].slice(first).map((letter) => (biasAxes.includes(letter) ? extent(letter) : 1));
    const bias = call.weight("bias", after ? [...shape, ...Array.from({ length: elided }, () => 1)] : shape);
    return activate(call, { name: call.op("Add", [product, bias]), perm });
  },
};

/** What the letters stand for, as far as the input and `output_shape` tell. */
function extentsOf(call: Call, skipped: number, inputs: string, outputs: string): ReadonlyMap<string, number> {
  const raw = call.config.raw("output_shape");
  const outputShape: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const dims = call.dims(call.input());
  // output_shape leaves the batch out, which is the first letter unless that is elided.
  const written = outputs.slice(-outputShape.length);
  return new Map(
    [
      ...[...written].map((letter, i) => [letter, outputShape[i]] as const),
      ...[...inputs].map((letter, i) => [letter, dims[skipped + i]] as const),
    ].filter((entry): entry is readonly [string, number] => typeof entry[1] === "number"),
  );
}

export const EINSUMS: Readonly<Record<string, LayerRule>> = { EinsumDense };
