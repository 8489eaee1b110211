import { expect, it } from "vitest";
import fixture from "../../fixtures/gradients.json" with { type: "json" };
import { ENTRIES } from "../../test/operators-page.ts";

it.each(Object.entries(ENTRIES))("%s: the table names the inputs that have gradients", (op, { gradients }) => {
  const stored = fixture.cases.filter((one) => one.op === op);
  const inputs = new Set(stored.flatMap((one) => Object.keys(one.gradients)));
  if (gradients[0]!.endsWith("…")) expect(inputs.size).toBeGreaterThan(1);
  else expect(inputs.size).toBe(gradients.length);
});
