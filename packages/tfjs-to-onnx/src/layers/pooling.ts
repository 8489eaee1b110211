import type { LayerRule } from "./rule.ts";
import { seen, slide } from "./window.ts";

const pool = (op: "MaxPool" | "AveragePool", rank: 1 | 2 | 3): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const { config } = call;
    const x = call.input(rank + 2);
    const whole = call.channelsSecond(x, rank === 1 ? 2 : config.channelAxis(rank + 2));
    const kernel = config.counts("pool_size", rank, 2);
    const options = { kernel, strides: config.counts("strides", rank, kernel) };
    const image = rank === 3 ? seen(call, whole, options) : whole;
    // ONNX leaves padding out of an average by default (count_include_pad 0), as TF.js does.
    const window = slide(call, image, options);
    return { name: call.op(op, [image.name], { kernel_shape: kernel, ...window }), perm: image.perm };
  },
});

/** Reduces the spatial axes wherever they are held. */
const globalPool = (op: "ReduceMax" | "ReduceMean", rank: 1 | 2): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const x = call.batchFirst(call.input(rank + 2));
    const channelAxis = rank === 1 ? 2 : call.config.channelAxis(4);
    const axes = x.perm.flatMap((axis, i) => (axis === 0 || axis === channelAxis ? [] : [i]));
    return { name: call.reduce(op, x.name, axes), perm: [0, 1] };
  },
});

export const POOLINGS: Readonly<Record<string, LayerRule>> = {
  AveragePooling1D: pool("AveragePool", 1),
  AveragePooling2D: pool("AveragePool", 2),
  AveragePooling3D: pool("AveragePool", 3),
  GlobalAveragePooling1D: globalPool("ReduceMean", 1),
  GlobalAveragePooling2D: globalPool("ReduceMean", 2),
  GlobalMaxPooling1D: globalPool("ReduceMax", 1),
  GlobalMaxPooling2D: globalPool("ReduceMax", 2),
  MaxPooling1D: pool("MaxPool", 1),
  MaxPooling2D: pool("MaxPool", 2),
  MaxPooling3D: pool("MaxPool", 3),
};
