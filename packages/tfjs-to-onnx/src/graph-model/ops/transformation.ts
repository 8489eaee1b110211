import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpRule, type OpRules } from "../op-rule.ts";
import { reshape } from "../reshape.ts";

const Cast: OpRule = {
  becomes: "Cast",
  lower: (call) => call.cast(call.input(), call.attributes.dtype("DstT")),
};

const ExpandDims: OpRule = {
  becomes: "Unsqueeze",
  lower: (call) => {
    const x = call.input();
    const axis = call.axis(call.integer(1), x.perm.length + 1);
    return call.lowering.know(call.unsqueeze(x, axis), call.lowering.elements(x));
  },
};

const Squeeze: OpRule = {
  becomes: "Squeeze",
  lower: (call) => {
    const x = call.input();
    const dims = call.dims(x);
    const given = call.attributes.integers(call.attributes.has("axis") ? "axis" : "squeeze_dims", []);
    const open = dims.findIndex((dim) => !isNumber(dim));
    if (given.length === 0 && open >= 0)
      call.fail(`Axis ${open} of [${dims.join(", ")}] may turn out to be 1; fix its extent, or list the axes.`);
    const axes =
      given.length > 0
        ? given.map((axis) => call.axis(axis, dims.length))
        : dims.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    const wrong = axes.find((axis) => isNumber(dims[axis]) && dims[axis] !== 1);
    if (wrong !== undefined) call.fail(`Axis ${wrong} of [${dims.join(", ")}] is not 1 and cannot be dropped.`);
    return call.lowering.know(call.squeeze(x, axes), call.lowering.elements(x));
  },
};

const Reshape: OpRule = {
  becomes: "Reshape, Flatten or nothing",
  lower: (call) => {
    const x = call.input();
    const target = call.elements(1);
    if (target)
      return call.lowering.know(
        reshape(call, x, target, () => call.ints(1)),
        call.lowering.elements(x),
      );
    const rank = call.dims(call.input(1))[0];
    if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
    const shape = identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
    const type = { dtype: call.dtype(x), shape };
    return { name: call.op("Reshape", [call.plain(x).name, call.ints(1)], {}, type), perm: identity(rank) };
  },
};

const BroadcastTo: OpRule = {
  becomes: "Expand",
  lower: (call) => {
    const x = call.plain(call.input());
    const target = call.elements(1);
    const rank = target?.length ?? call.dims(call.input(1))[0];
    if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
    if (target?.some((dim) => isNumber(dim) && dim < 1)) call.fail(`Its shape is [${target.join(", ")}].`);
    const shape = target ?? identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
    return {
      name: call.op("Expand", [x.name, call.ints(1)], {}, { dtype: call.dtype(x), shape }),
      perm: identity(rank),
    };
  },
};

/** The shape that two shapes broadcast to. */
const BroadcastArgs: OpRule = {
  becomes: "a constant, or Max",
  lower: (call) => {
    const shapes = [call.elements(0), call.elements(1)];
    const length = Math.max(...[0, 1].map((place) => Number(call.dims(call.input(place))[0])));
    if (!Number.isInteger(length)) return call.fail("The lengths of its shapes have to be known.");
    const [a, b] = shapes.map(
      (shape) => shape && [...Array.from({ length: length - shape.length }, () => 1), ...shape],
    );
    const merged = a?.map((dim, axis): Dim | undefined => {
      const other = b?.[axis];
      return dim === 1
        ? other
        : other === 1 || other === dim
          ? dim
          : isNumber(dim) && !isNumber(other)
            ? dim
            : undefined;
    });
    const wide = [0, 1].map((place) => {
      const x = call.plain(call.input(place));
      const missing = length - Number(call.dims(x)[0]);
      return missing === 0 ? x.name : call.op("Pad", [x.name, call.g.ints([missing, 0]), call.scalar(1, "int32")]);
    });
    const held: Held = { name: call.op("Max", wide), perm: [0] };
    const elements = merged?.every((dim): dim is Dim => dim !== undefined) ? merged : undefined;
    return call.lowering.know(held, elements as readonly Dim[] | undefined);
  },
};

export const TRANSFORMATION: OpRules = {
  BroadcastArgs,
  BroadcastTo,
  Cast,
  ExpandDims,
  Reshape,
  Squeeze,
};
