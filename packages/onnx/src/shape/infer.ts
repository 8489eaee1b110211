import { ShapeError } from "../errors.ts";
import type { Graph, Model, Node, ValueType } from "../graph.ts";
import { float32, int64, type Tensor } from "../tensor.ts";
import { evaluate } from "./evaluate.ts";
import { isStatic, NodeView } from "./rule.ts";
import { shapeRuleOf } from "./rules.ts";

/** Knows the types, and where possible the values, of a growing list of nodes. */
export class ShapeScope {
  readonly #opset: number;
  readonly #types = new Map<string, ValueType>();
  readonly #constants = new Map<string, Tensor>();

  constructor(opset: number) {
    this.#opset = opset;
  }

  type(name: string): ValueType | undefined {
    return this.#types.get(name);
  }

  constant(name: string): Tensor | undefined {
    return this.#constants.get(name);
  }

  declare(name: string, type: ValueType): void {
    this.#types.set(name, type);
  }

  declareConstant(name: string, tensor: Tensor): void {
    this.#types.set(name, { dtype: tensor.dtype, shape: tensor.shape });
    this.#constants.set(name, tensor);
  }

  /**
   * Types a node's outputs from its inputs; says nothing about operators without a rule.
   * @throws ShapeError when the inputs do not fit the operator.
   */
  visit(node: Node): void {
    if (node.domain !== "") return;
    if (node.op === "Constant") {
      const value = constantOf(node);
      if (value) this.declareConstant(node.outputs[0]!, value);
      return;
    }
    const rule = shapeRuleOf(node.op);
    if (!rule) return;
    const view = new NodeView(
      node,
      this.#opset,
      node.inputs.map((name) => this.#types.get(name)),
      node.inputs.map((name) => this.#constants.get(name)),
    );
    for (const [index, type] of rule(view).entries()) {
      const name = node.outputs[index];
      if (name && type) this.#types.set(name, refine(this.#types.get(name), type));
    }
    this.#fold(view);
  }

  /** Shapes that are known are constants, and so is what is computed of them: what makes exported Reshapes readable. */
  #fold(view: NodeView): void {
    const { op, outputs, attributes } = view.node;
    const shape = view.shape(0);
    if (op === "Shape" && shape) {
      const { start = 0, end } = attributes as { start?: number; end?: number };
      const part = shape.slice(start, end);
      if (isStatic(part)) this.declareConstant(outputs[0]!, int64([part.length], part));
      return;
    }
    const value = evaluate(view, this.#types.get(outputs[0]!));
    if (value) this.declareConstant(outputs[0]!, value);
  }
}

/** What is inferred, with what only the declaration knows: a shape, or the name of a dimension. */
function refine(declared: ValueType | undefined, inferred: ValueType): ValueType {
  const [known, found] = [declared?.shape, inferred.shape];
  if (!known) return inferred;
  if (!found) return { ...inferred, shape: known };
  if (known.length !== found.length) return inferred;
  return { ...inferred, shape: found.map((dim, axis) => (typeof dim === "number" ? dim : known[axis]!)) };
}

function constantOf({ attributes }: Node): Tensor | undefined {
  const { value, value_int, value_ints, value_float, value_floats, value_string, value_strings } = attributes;
  if (value !== undefined) return value as Tensor;
  if (value_int !== undefined) return int64([], [value_int as number]);
  if (value_ints !== undefined) return int64([(value_ints as number[]).length], value_ints as number[]);
  if (value_float !== undefined) return float32([], [value_float as number]);
  if (value_floats !== undefined) return float32([(value_floats as number[]).length], value_floats as number[]);
  if (typeof value_string === "string") return { dtype: "string", shape: [], data: [value_string] };
  if (value_strings !== undefined) {
    const data = value_strings as string[];
    return { dtype: "string", shape: [data.length], data };
  }
  return undefined;
}

/**
 * The scope after every node of a graph was visited.
 * @param onMisfit what to do with a node whose inputs do not fit its operator; by default its ShapeError is thrown.
 */
export function scopeOf(
  graph: Graph,
  opset: number,
  onMisfit: (error: ShapeError, node: Node) => void = rethrow,
): ShapeScope {
  const scope = new ShapeScope(opset);
  for (const [name, type] of graph.values) scope.declare(name, type);
  for (const { name, ...type } of [...graph.outputs, ...graph.inputs]) scope.declare(name, type);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  // An initializer that is also an input is only its default: the caller may give another.
  for (const [name, tensor] of graph.initializers) if (!inputs.has(name)) scope.declareConstant(name, tensor);
  for (const node of graph.nodes) {
    try {
      scope.visit(node);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      onMisfit(error, node);
    }
  }
  return scope;
}

/**
 * The scope of a model's graph.
 * @see scopeOf
 */
export function scopeOfModel(
  { irVersion, opsets, graph }: Model,
  onMisfit?: Parameters<typeof scopeOf>[2],
): ShapeScope {
  // Before IR version 4 every initializer had to be an input as well, and none could be overridden.
  const inputs = irVersion < 4 ? graph.inputs.filter(({ name }) => !graph.initializers.has(name)) : graph.inputs;
  return scopeOf({ ...graph, inputs }, opsets[""] ?? 17, onMisfit);
}

function rethrow(error: ShapeError): never {
  throw error;
}

/** The model with the type of every value that can be inferred written into `graph.values`. */
export function inferShapes(model: Model): Model {
  const { graph } = model;
  const scope = scopeOfModel(model);
  const boundary = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const values = new Map<string, ValueType>();
  for (const name of graph.nodes.flatMap(({ outputs }) => outputs)) {
    const type = scope.type(name);
    if (type && !boundary.has(name)) values.set(name, type);
  }
  const outputs = graph.outputs.map((output) => ({ ...scope.type(output.name), ...output }));
  return { ...model, graph: { ...graph, outputs, values } };
}
