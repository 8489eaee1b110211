import type { Held } from "../../layout.ts";
import type { OpRule, OpRules } from "../op-rule.ts";
import { binary } from "./arithmetic.ts";

const comparison = (op: string, negated = false): OpRule => ({
  becomes: negated ? `${op}, Not` : op,
  lower: (call) => {
    const operands = call.promoted([call.input(0), call.input(1)], op === "Equal" ? "bool" : "int32");
    const result = binary(call, op, operands);
    return negated ? call.map(result, "Not") : result;
  },
});

const connective = (op: "And" | "Or"): OpRule => ({
  becomes: op,
  lower: (call) => binary(call, op, [call.cast(call.input(0), "bool"), call.cast(call.input(1), "bool")]),
});

const Select: OpRule = {
  becomes: "Where",
  lower: (call) => {
    const condition = call.cast(call.input(0), "bool");
    const values = call.promoted([call.input(1), call.input(2)]) as [Held, Held];
    const { names, as } = call.align([condition, ...values]);
    return { ...as, name: call.op("Where", names) };
  },
};

const BitwiseAnd: OpRule = {
  becomes: "BitwiseAnd",
  notes: "opset 18 and above",
  lower: (call) => {
    call.needs(18);
    return binary(call, "BitwiseAnd", [call.cast(call.input(0), "int32"), call.cast(call.input(1), "int32")]);
  },
};

export const LOGICAL: OpRules = {
  BitwiseAnd,
  Equal: comparison("Equal"),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: connective("And"),
  LogicalNot: { becomes: "Not", lower: (call) => call.map(call.cast(call.input(), "bool"), "Not") },
  LogicalOr: connective("Or"),
  NotEqual: comparison("Equal", true),
  Select,
  SelectV2: Select,
};
