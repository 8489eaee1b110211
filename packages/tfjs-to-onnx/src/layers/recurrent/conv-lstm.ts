import { activate, activationOf } from "../../activations.ts";
import type { Relayout } from "../../origin.ts";
import type { Call } from "../rule.ts";
import { slide } from "../window.ts";
import type { Run, Start } from "./run.ts";
import { runScan } from "./scan.ts";

// TF.js: [...kernel, in, 4·filters]; ONNX: [4·filters, in, ...kernel].
const outFirst = (): readonly Relayout[] => [{ kind: "transpose", perm: [3, 2, 0, 1] }];

/** An LSTM whose products are convolutions; its states are images. */
export function runConvLstm(call: Call, start: Start): Run {
  const { config } = call;
  if (call.training) call.fail("A training graph has no ConvLSTM2D.");
  if (start.mask !== undefined) call.fail("TF.js fails where a ConvLSTM2D is masked.");
  if (start.x.perm.length !== 5) call.fail(`Its input has rank ${start.x.perm.length}, expected 5.`);
  if (start.initial.length > 0) call.fail("TF.js fails where a ConvLSTM2D is given initial states.");
  const first = config.channelAxis(4) === 1;
  const x = call.arrange(start.x, first ? [1, 0, 2, 3, 4] : [1, 0, 4, 2, 3]);
  const filters = config.count("filters");
  const form = {
    count: 2,
    perm: first ? [0, 1, 2, 3] : [0, 3, 1, 2],
    extents: [{ of: x.name, axis: 1 }, filters, ...extentsOf(call, x.name)],
  };
  return runScan(call, step, form, { ...start, x });
}

/** The states' height and width. */
function extentsOf(call: Call, x: string): readonly number[] {
  const { config } = call;
  const kernel = config.counts("kernel_size", 2);
  const [strides, dilations] = [config.counts("strides", 2, 1), config.counts("dilation_rate", 2, 1)];
  const same = config.choice("padding", ["valid", "same"], "valid") === "same";
  return kernel.map((extent, axis) => {
    const size = call.g.dims(x)[axis + 3];
    if (typeof size !== "number") return call.fail("The height and width of its input have to be known.");
    const reach = same ? 1 : (extent - 1) * dilations[axis]! + 1;
    const count = Math.ceil((size - reach + 1) / strides[axis]!);
    return count > 0 ? count : call.fail(`Its window of ${reach} does not fit into ${size}; padding is 'valid'.`);
  });
}

// c' = f·c + i·g, h' = o·tanh(c'), the gates from x∗W + h∗R + b
function step(call: Call, x: string, [h, c]: readonly string[]): readonly string[] {
  const { config } = call;
  const filters = config.count("filters");
  const kernel = config.counts("kernel_size", 2);
  const channels = call.g.dims(x)[1];
  if (typeof channels !== "number") return call.fail("The channels of its input have to be known.");
  const weight = call.weight("kernel", [...kernel, channels, 4 * filters], outFirst);
  const bias = config.flag("use_bias", true) ? [call.weight("bias", [4 * filters])] : [];
  const options = { kernel, strides: config.counts("strides", 2, 1), dilations: config.counts("dilation_rate", 2, 1) };
  const image = { name: x, perm: [0, 3, 1, 2] };
  const ofInput = call.op("Conv", [x, weight, ...bias], slide(call, image, options));
  const recurrent = call.weight("recurrent_kernel", [...kernel, filters, 4 * filters], outFirst);
  // Always with padding 'same', without strides.
  const pads = [
    ...kernel.map((extent) => Math.floor((extent - 1) / 2)),
    ...kernel.map((extent) => Math.ceil((extent - 1) / 2)),
  ];
  const sum = call.op("Add", [ofInput, call.op("Conv", [h!, recurrent], { pads })]);
  const sizes = call.g.ints([filters, filters, filters, filters]);
  const [i, f, g, o] = call.g.ops("Split", [sum, sizes], { axis: 1 }, { name: call.nodeName("Split") }, 4);
  const gate = (value: string): string => apply(value, activationOf(call, "recurrent_activation", "hard_sigmoid"));
  const shaped = (value: string): string => apply(value, activationOf(call, "activation", "tanh"));
  // A softmax is over TF.js's last axis: the channels, or the width where the channels come first.
  const perm = config.channelAxis(4) === 1 ? [0, 1, 2, 3] : [0, 3, 1, 2];
  const apply = (value: string, name: string): string => activate(call, { name: value, perm }, name).name;
  const kept = call.op("Mul", [gate(f!), c!]);
  const carry = call.op("Add", [kept, call.op("Mul", [gate(i!), shaped(g!)])]);
  return [call.op("Mul", [gate(o!), shaped(carry)]), carry];
}
