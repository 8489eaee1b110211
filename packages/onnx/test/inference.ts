import { expect } from "vitest";
import { type DataType, type Dim, type Node, ShapeScope, type Tensor, type ValueType } from "../src/index.ts";
import { type NodeCase, runNode } from "./onnxruntime.ts";

/** What inference is told of one input. */
type Told = ValueType | Tensor;

/** What is inferred of a node's outputs when its inputs are told like this. */
export function inferNode(
  { op, inputs, attributes = {}, outputs = 1, opset = 17 }: NodeCase,
  tell: (input: Tensor, index: number) => Told | undefined = (input) => input,
): readonly (ValueType | undefined)[] {
  const scope = new ShapeScope(opset);
  for (const [index, input] of inputs.entries()) {
    const told = input && tell(input, index);
    if (told && "data" in told) scope.declareConstant(`x${index}`, told);
    else if (told) scope.declare(`x${index}`, told);
  }
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const node: Node = {
    op,
    domain: "",
    name: op,
    inputs: inputs.map((input, i) => (input ? `x${i}` : "")),
    outputs: names,
    attributes,
  };
  scope.visit(node);
  return names.map((name) => scope.type(name));
}

const typeOf = ({ dtype, shape }: Tensor): ValueType => ({ dtype, shape });

/**
 * What inference may know: names for extents and constants that are only there at run time. Names are chosen so that
 * equal names are equal extents, which is all that a name promises.
 */
const LESS_KNOWN: readonly [
  string,
  boolean,
  (shape: readonly number[], input: number) => readonly Dim[] | undefined,
][] = [
  ["every extent has its own name", true, (shape, input) => shape.map((_, axis) => `d${input}_${axis}`)],
  ["equal extents share a name", true, (shape) => shape.map((extent) => `e${extent}`)],
  ["the first extent is named", true, (shape) => shape.map((extent, axis) => (axis === 0 ? `e${extent}` : extent))],
  ["the last extents are named", true, (shape) => shape.map((extent, axis) => (axis >= 2 ? `e${extent}` : extent))],
  ["constants come at run time", false, (shape) => shape],
  ["constants come at run time and extents are named", false, (shape) => shape.map((extent) => `e${extent}`)],
  ["no shape is known", true, () => undefined],
];

/**
 * Checks the inference of a node against onnxruntime: exact where everything is known, and true where less is.
 * @throws where onnxruntime refuses the node.
 */
export async function expectTruth(node: NodeCase): Promise<void> {
  const constants = new Set(node.constants);
  const exact = inferNode(node, (input, index) => (constants.has(index) ? input : typeOf(input)));
  expect(exact, "an output is not typed").not.toContain(undefined);
  const truth = await runNode(
    node,
    exact.map((type) => type!.dtype),
  );
  if (!node.dependsOnData) expect(exact).toEqual(truth.map(typeOf));
  for (const [i, type] of exact.entries()) expectToHold(type, truth[i]!, new Map(), "where everything is known");

  for (const [what, known, name] of LESS_KNOWN) {
    const inferred = inferNode(node, (input, index) => {
      if (constants.has(index)) return known ? input : typeOf(input);
      const shape = name(input.shape, index);
      return shape ? { dtype: input.dtype, shape } : { dtype: input.dtype };
    });
    const extents = new Map(
      node.inputs.flatMap((input, index) =>
        (name(input?.shape ?? [], index) ?? []).map((dim, axis) => [dim, input!.shape[axis]!] as const),
      ),
    );
    for (const [output, type] of inferred.entries())
      expectToHold(
        type,
        truth[output]!,
        extents,
        `where ${what}, output ${output} is said to be ${JSON.stringify(type)}`,
      );
  }
}

function expectToHold(type: ValueType | undefined, truth: Tensor, extents: Map<Dim, number>, message: string): void {
  expect<DataType | undefined>(type?.dtype, message).toBe(truth.dtype);
  if (!type?.shape) return;
  expect(type.shape, message).toHaveLength(truth.shape.length);
  for (const [axis, dim] of type.shape.entries()) {
    if (typeof dim === "string" && !extents.has(dim)) extents.set(dim, truth.shape[axis]!);
    expect(typeof dim === "number" ? dim : extents.get(dim), message).toBe(truth.shape[axis]);
  }
}
