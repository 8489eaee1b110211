import type { Dim } from "@glyphcast/onnx";
import type { Held } from "../../layout.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";

const passOn: OpRule = { becomes: "nothing", complex: true, lower: (call) => call.input() };

const all: OpRule = { becomes: "nothing", lower: (call) => call.inputs };

/** TensorFlow's integers of shapes are int32. */
function known(call: OpCall, x: Held, elements: readonly Dim[]): Held {
  return call.lowering.know(call.cast(x, "int32"), elements);
}

function shapeOf(call: OpCall, x: Held): Held {
  const dims = call.dims(x);
  const { name } = call.plain(x);
  return known(call, { name: call.op("Shape", [name]), perm: [0] }, dims);
}

const Shape: OpRule = { becomes: "a constant, or Shape, Cast", lower: (call) => shapeOf(call, call.input()) };

const ShapeN: OpRule = {
  becomes: "as Shape",
  notes: "integers, of which TF.js makes floats",
  lower: (call) => call.inputs.map((x) => shapeOf(call, x)),
};

const Size: OpRule = {
  becomes: "a constant, or Size, Cast",
  lower: (call) => {
    const x = call.input();
    const dims = call.dims(x).filter((dim) => dim !== 1);
    const numbers = dims.filter((dim) => typeof dim === "number");
    const size = numbers.reduce((product, dim) => product * dim, 1);
    const elements = numbers.length === dims.length ? [size] : dims.length === 1 ? dims : undefined;
    const held = call.cast({ name: call.op("Size", [x.name]), perm: [] }, "int32");
    return call.lowering.know(held, elements);
  },
};

const Rank: OpRule = {
  becomes: "a constant",
  lower: (call) => ({ name: call.scalar(call.input().perm.length, "int32"), perm: [] }),
};

const EnsureShape: OpRule = { ...passOn, notes: "the shape is not checked when running" };

const Const: OpRule = { becomes: "an initializer", lower: (call) => call.lowering.const(call.node.name) };

const Placeholder: OpRule = {
  becomes: "an input",
  lower: (call) => call.fail("It is read inside of a function, where there are none."),
};

const NoOp: OpRule = { becomes: "nothing", lower: () => [] };

/** Resource variables, whose values are weights under the handle's name or its shared_name. */
const VarHandleOp: OpRule = {
  becomes: "an initializer",
  lower: (call) => {
    const shared = call.attributes.name("shared_name");
    const { weights } = call.lowering.source;
    return call.lowering.const(!weights.has(call.node.name) && shared !== undefined ? shared : call.node.name);
  },
};

export const GRAPH: OpRules = {
  Const,
  EnsureShape,
  FakeQuantWithMinMaxVars: { ...passOn, notes: "ignored, as in TF.js" },
  Identity: passOn,
  IdentityN: all,
  NoOp,
  Placeholder,
  PlaceholderWithDefault: {
    becomes: "an input, or its default where the signature does not list it",
    lower: passOn.lower,
  },
  Print: passOn,
  Rank,
  ReadVariableOp: passOn,
  Shape,
  ShapeN,
  Size,
  Snapshot: passOn,
  StopGradient: passOn,
  VarHandleOp,
};
