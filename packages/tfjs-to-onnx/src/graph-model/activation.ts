import type { Held } from "../layout.ts";
import type { OpCall } from "./op-rule.ts";

/** x where it is above 0, and x times its slope below. */
export function prelu(call: OpCall, given: Held, slope: Held): Held {
  const [x, alpha] = call.promoted([given, slope], "float32") as [Held, Held];
  const { names, as } = call.align([x, alpha]);
  return { ...as, name: call.op("PRelu", names) };
}

/** Relu takes integers since opset 14. */
export const relu = (call: OpCall, x: Held): Held =>
  call.dtype(x) === "float32" || call.g.opset >= 14
    ? call.map(x, "Relu")
    : call.map(x, "Max", {}, call.scalar(0, call.dtype(x)));

export const relu6 = (call: OpCall, x: Held): Held =>
  call.map(x, "Clip", {}, call.scalar(0, call.dtype(x)), call.scalar(6, call.dtype(x)));

/** The activation that a fused op ends with. `slope` is Prelu's. */
export function activate(call: OpCall, x: Held, name: string | undefined, slope?: Held): Held {
  switch (name) {
    case undefined:
    case "linear":
      return x;
    case "relu":
      return call.map(x, "Relu");
    case "relu6":
      return relu6(call, x);
    case "elu":
      return call.map(x, "Elu");
    case "sigmoid":
      return call.map(x, "Sigmoid");
    case "leakyrelu":
      return call.map(x, "LeakyRelu", { alpha: call.attributes.number("leakyrelu_alpha", 0.2) });
    case "prelu":
      return prelu(call, x, slope ?? call.fail("Its fused Prelu has no slopes."));
    default:
      return call.fail(`It is fused with ${name}; TF.js knows Relu, Relu6, Elu, LeakyRelu, Prelu and Sigmoid.`);
  }
}

export interface Fused {
  readonly bias?: Held;
  readonly normalisation?: readonly Held[];
  readonly activation?: string;
  readonly slope?: Held;
}

/** What `fused_ops` lists, with its arguments: those after the first two inputs. */
export function fusedOps(call: OpCall): Fused {
  const args = call.inputs.slice(2);
  const fused: { bias?: Held; normalisation?: readonly Held[]; activation?: string; slope?: Held } = {};
  for (const op of call.attributes.texts("fused_ops")) {
    if (op === "biasadd") fused.bias = args.shift() ?? call.fail("Its fused BiasAdd has no bias.");
    else if (op === "fusedbatchnorm") fused.normalisation = args.splice(0, 4);
    else fused.activation = op;
  }
  if (fused.activation === "prelu" && args[0]) fused.slope = args[0];
  return fused;
}
