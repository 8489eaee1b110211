import { type Held, identity, isIdentity } from "../../layout.ts";
import { rowsInOrder } from "../../lowering.ts";
import { activate, fusedOps } from "../activation.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";

/** The last two axes swapped: only held differently. */
function transposed(x: Held): Held {
  const rank = x.perm.length;
  const swap = (axis: number): number => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis);
  return { name: x.name, perm: x.perm.map(swap) };
}

function multiply(call: OpCall, transposeA: boolean, transposeB: boolean, bias?: Held): Held {
  const [given, b] = call.promoted([call.input(0), call.input(1)], "int32") as [Held, Held];
  if (given.perm.length < 2 || b.perm.length < 2) call.fail("It multiplies matrices; both need rank 2 or more.");
  const float = call.dtype(given) === "float32";
  const rank = Math.max(given.perm.length, b.perm.length);
  const right = transposeB ? transposed(call.settled(b)) : b;
  const constant = call.isConstant(right);
  const [inner, outer] = [call.dims(given).at(transposeA ? -2 : -1), call.dims(right).at(-2)];
  if (typeof inner === "number" && typeof outer === "number" && inner !== outer)
    call.fail(`It multiplies rows of ${inner} by columns of ${outer}.`);
  // A flattened image may be held in another order than TF.js's: then the weight's rows move, not the image.
  const keeps = given.blocks && rank === 2 && constant && !transposeA && isIdentity(given.perm);
  const a = transposeA ? transposed(call.settled(given)) : keeps ? given : call.plain(given);
  const left = call.lowering.arrange(a, identity(a.perm.length), call.node.name);
  const plainRight = call.plain(right).name;
  const weight = keeps ? call.lowering.relay(plainRight, ...rowsInOrder(given.blocks)) : plainRight;
  const vector = bias?.perm.length === 1 ? bias : undefined;
  const perm = identity(rank);
  if (rank === 2 && float && constant) {
    const name = call.op("Gemm", [left.name, weight, ...(vector ? [vector.name] : [])]);
    return bias && !vector ? added(call, { name, perm }, bias) : { name, perm };
  }
  const product = { name: call.op("MatMul", [left.name, weight]), perm };
  return bias ? added(call, product, bias) : product;
}

function added(call: OpCall, x: Held, bias: Held): Held {
  const { names, as } = call.align([x, bias]);
  return { ...as, name: call.op("Add", names) };
}

const MatMul = (a: string, b: string): OpRule => ({
  becomes: "Gemm where the second matrix is constant, else MatMul",
  lower: (call) => multiply(call, call.attributes.flag(a), call.attributes.flag(b)),
});

const FusedMatMul: OpRule = {
  becomes: "Gemm or MatMul, Add, and the activation",
  lower: (call) => {
    const { bias, activation, slope } = fusedOps(call);
    const { attributes } = call;
    const x = multiply(call, attributes.flag("transpose_a"), attributes.flag("transpose_b"), bias);
    return activate(call, x, activation, slope);
  },
};

const Transpose: OpRule = {
  becomes: "nothing, or the Transpose that its readers need",
  lower: (call) => {
    const x = call.settled(call.input(0));
    const rank = x.perm.length;
    const given = call.integers(1);
    const order = (given.length === 0 ? identity(rank).toReversed() : given).map((axis) => call.axis(axis, rank));
    if (order.length !== rank || !identity(rank).every((axis) => order.includes(axis)))
      call.fail(`[${given.join(", ")}] is not an order of the axes of rank ${rank}.`);
    return { name: x.name, perm: x.perm.map((axis) => order.indexOf(axis)) };
  },
};

const Einsum: OpRule = {
  becomes: "Einsum",
  lower: (call) => {
    const equation = call.attributes.text("equation", "").replace(/\s/g, "");
    const [left = "", right] = equation.split("->");
    if (right === undefined || left.split(",").length !== call.inputs.length)
      return call.fail(`equation is "${equation}", expected subscripts for ${call.inputs.length} tensors and "->".`);
    const inputs = call.promoted(call.inputs, "float32").map((x) => call.plain(x).name);
    return { name: call.op("Einsum", inputs, { equation }), perm: identity(right.length) };
  },
};

const MatrixBandPart: OpRule = {
  becomes: "Trilu",
  notes: "TF.js reads num_lower for num_upper too",
  lower: (call) => {
    call.needs(14);
    const x = call.plain(call.input());
    if (x.perm.length < 2) call.fail("It needs a matrix.");
    const reach = call.integer(1);
    if (reach < 0) return x;
    // Above the diagonal `reach` and below it `reach`.
    const upper = call.op("Trilu", [x.name, call.g.ints(-reach)], { upper: 1 });
    return { ...x, name: call.op("Trilu", [upper, call.g.ints(reach)], { upper: 0 }) };
  },
};

export const MATRICES: OpRules = {
  BatchMatMul: MatMul("adj_x", "adj_y"),
  BatchMatMulV2: MatMul("adj_x", "adj_y"),
  Einsum,
  MatMul: MatMul("transpose_a", "transpose_b"),
  MatrixBandPart,
  Transpose,
  _FusedMatMul: FusedMatMul,
};
