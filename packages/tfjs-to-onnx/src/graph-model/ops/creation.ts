import { type Dim, sizeOf } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { numeric } from "../graph-lowering.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { filled } from "../reshape.ts";

const Fill: OpRule = {
  becomes: "Expand",
  lower: (call) =>
    filled(call, 0, call.cast(call.plain(call.input(1)), call.attributes.dtype("T", call.dtype(call.input(1)))).name),
};

const constantly = (value: number): OpRule => ({
  becomes: "Expand",
  lower: (call) => filled(call, 0, call.scalar(value, call.attributes.dtype("T"))),
});

/** As many of one value as another has. */
const like = (value: number): OpRule => ({
  becomes: "Shape, Expand",
  lower: (call) => {
    const x = call.input();
    const dtype = call.dtype(x);
    const shape = call.g.dims(x.name);
    const type = { dtype, shape };
    return { ...x, name: call.op("Expand", [call.scalar(value, dtype), call.op("Shape", [x.name])], {}, type) };
  },
});

/** Each index as a row of `offValue` with one `onValue`; indices past the row give none, unlike ONNX's OneHot. */
const OneHot: OpRule = {
  becomes: "Unsqueeze, Equal, Where",
  notes: "the new axis is the last, as in TF.js",
  lower: (call) => {
    const indices = call.cast(call.plain(call.input(0)), "int32");
    const rank = indices.perm.length;
    const depth = call.count(1);
    const places = call.initializer("places", numeric("int32", [depth], identity(depth)));
    const hits = call.op("Equal", [call.op("Unsqueeze", [indices.name, call.g.ints([rank])]), places]);
    const dtype = call.attributes.dtype("T");
    const held = { name: hits, perm: identity(rank + 1) };
    const [on, off] = [call.known(2), call.known(3)];
    if (on?.[0] === 1 && off?.[0] === 0) return call.cast(held, dtype);
    const [yes, no] = [2, 3].map((place) => call.cast(call.plain(call.input(place)), dtype).name) as [string, string];
    return { ...held, name: call.op("Where", [hits, yes, no]) };
  },
};

const MAX_CONSTANT = 2 ** 24;

const LinSpace: OpRule = {
  becomes: "a constant",
  lower: (call) => {
    const [start, stop, count] = [call.number(0), call.number(1), call.count(2)];
    const step = (stop - start) / (count - 1);
    const values = identity(count).map((i) => (i === 0 ? start : start + i * step));
    return { name: call.initializer("values", numeric("float32", [count], values)), perm: [0] };
  },
};

const Range: OpRule = {
  becomes: "a constant, or Range",
  lower: (call) => {
    const dtype = call.attributes.dtype("Tidx", call.dtype(call.input(0)));
    const [start, stop, step] = [call.known(0)?.[0], call.known(1)?.[0], call.known(2)?.[0]];
    if (start === undefined || stop === undefined || step === undefined) {
      const bounds = [0, 1, 2].map((place) => call.cast(call.plain(call.input(place)), dtype).name);
      const end = call.elements(1)?.[0];
      const known = start === 0 && step === 1 && end !== undefined ? { dtype, shape: [end] } : undefined;
      return { name: call.op("Range", bounds, {}, known), perm: [0] };
    }
    const count = step === 0 ? 0 : Math.max(0, Math.ceil((stop - start) / step));
    if (count > MAX_CONSTANT) return call.fail(`It makes ${count} numbers.`);
    const values = identity(count).map((i) => start + i * step);
    return { name: call.initializer("values", numeric(dtype, [count], values)), perm: [0] };
  },
};

/** Numbers drawn when running. Where the shape is known only then, they are drawn like a tensor of it. */
const random = (op: "RandomNormal" | "RandomUniform", attributesOf: (call: OpCall) => object): OpRule => ({
  becomes: op,
  notes: "other numbers than TF.js draws",
  lower: (call) => {
    const shape = call.elements(0);
    const attributes = { ...attributesOf(call), dtype: 1 };
    if (shape?.every(isNumber)) {
      if (sizeOf(shape) > 2 ** 31) call.fail(`It draws [${shape.join(", ")}] numbers.`);
      return { name: call.op(op, [], { ...attributes, shape }), perm: identity(shape.length) };
    }
    const template = filled(call, 0, call.scalar(0));
    return { ...template, name: call.op(`${op}Like`, [template.name], attributes) };
  },
});

/** What is further than two deviations away is drawn anew, three times over; what is left of it is brought to the bound. */
const TruncatedNormal: OpRule = {
  becomes: "RandomNormal, Abs, Less, Where, Clip, Mul, Add",
  notes: "other numbers than TF.js draws",
  lower: (call) => {
    const { lower } = random("RandomNormal", () => ({ mean: 0, scale: 1 }));
    const first = lower(call) as Held;
    let x = first;
    for (let again = 0; again < 3; again++) {
      const inside = call.map(call.map(x, "Abs"), "Less", {}, call.scalar(2));
      x = { ...x, name: call.op("Where", [inside.name, x.name, (lower(call) as Held).name]) };
    }
    const bounded = call.map(x, "Clip", {}, call.scalar(-2), call.scalar(2));
    const scaled = call.map(bounded, "Mul", {}, call.scalar(call.attributes.number("stddev", 1)));
    return call.map(scaled, "Add", {}, call.scalar(call.attributes.number("means", 0)));
  },
};

const RandomUniform: OpRule = random("RandomUniform", ({ attributes }) => ({
  low: attributes.number("minval", 0),
  high: attributes.number("maxval", 1),
}));

const RandomUniformInt: OpRule = {
  ...RandomUniform,
  becomes: "RandomUniform, Floor, Cast",
  lower: (call) => {
    const drawn = RandomUniform.lower(call) as Held;
    return call.cast(call.map(drawn, "Floor"), "int32");
  },
};

const Multinomial: OpRule = {
  becomes: "Multinomial",
  notes: "other numbers than TF.js draws",
  lower: (call) => {
    const logits = call.plain(call.float(0));
    const count = call.count(1);
    const rows: Dim = call.dims(logits)[0] ?? 1;
    const type = { dtype: "int32", shape: [rows, count] } as const;
    return { name: call.op("Multinomial", [logits.name], { sample_size: count, dtype: 6 }, type), perm: [0, 1] };
  },
};

export const CREATION: OpRules = {
  Fill,
  LinSpace,
  Multinomial,
  OneHot,
  Ones: constantly(1),
  OnesLike: like(1),
  RandomStandardNormal: random("RandomNormal", () => ({ mean: 0, scale: 1 })),
  RandomUniform,
  RandomUniformInt,
  Range,
  TruncatedNormal,
  Zeros: constantly(0),
  ZerosLike: like(0),
};
