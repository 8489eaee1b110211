import type { DataType } from "./dtype.ts";
import { GraphError } from "./errors.ts";
import {
  type Attributes,
  type Dim,
  describeNode,
  type Graph,
  type Node,
  type ValueInfo,
  type ValueType,
} from "./graph.ts";
import { ShapeScope } from "./shape/infer.ts";
import { float32, int64, type Tensor } from "./tensor.ts";

export interface OpOptions {
  /**
   * The node's name, with a number where another node has it already; also the stem of its outputs' names. By default
   * the operator's name.
   */
  readonly name?: string;
  /** The outputs' names; by default the node's name. An empty string omits an optional output. */
  readonly outputs?: readonly string[];
  /** Empty for ONNX's own operators. */
  readonly domain?: string;
  /** What is known of the outputs beyond what inference can tell: the names of their dimensions, say. */
  readonly types?: readonly ValueType[];
}

/**
 * Builds a graph node by node. Values are names; the type of each is inferred as its node is added, so a builder of
 * gradients or layers can ask for it.
 *
 * ```ts
 * const g = new GraphBuilder("double");
 * const x = g.input("x", "float32", ["batch", 3]);
 * g.output(g.op("Mul", [x, g.floats([2])]), "y");
 * const model = modelOf(g.build());
 * ```
 */
export class GraphBuilder {
  readonly name: string;
  readonly opset: number;
  readonly #scope: ShapeScope;
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #nodes: Node[] = [];
  readonly #taken = new Set<string>();
  /** onnxruntime refuses two nodes of one name. */
  readonly #nodeNames = new Set<string>();
  /** What `unique` gave out and may not be in use yet. */
  readonly #issued = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #literals = new Map<string, string>();
  readonly #around: GraphBuilder | undefined;

  constructor(name: string, opset = 17, around?: GraphBuilder) {
    this.name = name;
    this.opset = opset;
    this.#around = around;
    this.#scope = new ShapeScope(opset);
  }

  /**
   * A builder for a graph inside of this one, such as the body of a Scan: it can read what this one has so far, and
   * `unique` gives no name to both.
   */
  inner(name: string): GraphBuilder {
    return new GraphBuilder(name, this.opset, this);
  }

  input(name: string, dtype: DataType, shape: readonly Dim[]): string {
    this.#take(name);
    this.#inputs.push({ name, dtype, shape });
    this.#scope.declare(name, { dtype, shape });
    return name;
  }

  /**
   * Makes a value an output, renaming it with an Identity where `as` is another name.
   * @throws GraphError when nothing produces the value, its type cannot be inferred and is not given, or it is an
   * output already.
   */
  output(value: string, as: string = value, type: ValueType | undefined = this.#scope.type(value)): string {
    if (!this.#taken.has(value)) throw new GraphError(value, `Output "${as}": nothing produces "${value}".`);
    if (this.#outputs.some(({ name }) => name === as)) throw new GraphError(as, `"${as}" is already an output.`);
    if (!type) throw new GraphError(value, `Output "${as}": the type of "${value}" cannot be inferred; pass it.`);
    if (as !== value) this.op("Identity", [value], {}, { outputs: [as] });
    this.#outputs.push({ name: as, ...type });
    return as;
  }

  /** A named constant. */
  initializer(name: string, tensor: Tensor): string {
    this.#take(name);
    this.#initializers.set(name, tensor);
    this.#scope.declareConstant(name, tensor);
    return name;
  }

  /** An int64 vector, or a scalar for a single number; equal ones are shared. */
  ints(values: number | readonly number[]): string {
    return this.#literal(typeof values === "number" ? int64([], [values]) : int64([values.length], values));
  }

  /** A float32 vector, or a scalar for a single number; equal ones are shared. */
  floats(values: number | readonly number[]): string {
    return this.#literal(typeof values === "number" ? float32([], [values]) : float32([values.length], values));
  }

  #literal(tensor: Tensor): string {
    const values = Array.from(tensor.data as ArrayLike<unknown>, (value) => (Object.is(value, -0) ? "-0" : value));
    const key = `${tensor.dtype}[${tensor.shape}]:${values}`;
    const known = this.#literals.get(key);
    if (known !== undefined) return known;
    const name = this.initializer(this.unique(tensor.dtype === "int64" ? "int" : "float"), tensor);
    this.#literals.set(key, name);
    return name;
  }

  /** Adds a node and returns its first output. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, options: OpOptions = {}): string {
    return this.ops(op, inputs, attributes, options)[0]!;
  }

  /** Adds a node and returns all its outputs: as many as `options.outputs` names, or `count`. */
  ops(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    { name: wish, outputs, domain = "", types = [] }: OpOptions = {},
    count = 1,
  ): readonly string[] {
    const name = wish === undefined || this.#nodeNames.has(wish) ? this.unique(wish ?? op) : wish;
    const names =
      outputs ?? Array.from({ length: count }, (_, i) => this.unique(i === 0 ? `${name}:out` : `${name}:out${i}`));
    const node: Node = { op, domain, name, inputs, outputs: names, attributes };
    this.append(node, types);
    return names;
  }

  /**
   * Adds a node as it is; where it throws, the graph is as before.
   * @throws GraphError when it reads a value that does not exist yet, writes one that does, or has another node's name.
   * @throws ShapeError when its inputs do not fit its operator.
   */
  append(node: Node, types: readonly ValueType[] = []): void {
    for (const name of node.inputs)
      if (name && !this.#has(name))
        throw new GraphError(name, `${describeNode(node)} reads "${name}", which nothing produces before it.`);
    if (this.#nodeNames.has(node.name))
      throw new GraphError(node.outputs[0] ?? "", `${describeNode(node)} has the name of another node.`);
    const outputs = node.outputs.filter(Boolean);
    for (const [index, name] of outputs.entries())
      if (outputs.indexOf(name) !== index) throw new GraphError(name, `${describeNode(node)} writes "${name}" twice.`);
    for (const name of outputs) this.#refuseTaken(name);
    for (const [index, type] of types.entries()) this.#scope.declare(node.outputs[index]!, type);
    for (const name of node.inputs) this.#capture(name);
    this.#scope.visit(node);
    for (const name of outputs) this.#taken.add(name);
    if (node.name) this.#nodeNames.add(node.name);
    this.#nodes.push(node);
  }

  /** @throws GraphError when the type is not known. */
  type(value: string): ValueType {
    return this.#typeOf(value) ?? fail(value, `The type of "${value}" cannot be inferred.`);
  }

  /**
   * The extents of a value of static shape.
   * @throws GraphError when a dimension is not known.
   */
  shape(value: string): readonly number[] {
    const dims = this.dims(value);
    return dims.map((dim) =>
      typeof dim === "number"
        ? dim
        : fail(value, `"${value}" has a dynamic dimension "${dim}" in [${dims.join(", ")}]; a number is needed.`),
    );
  }

  /** @throws GraphError when not even the rank is known. */
  dims(value: string): readonly Dim[] {
    return this.type(value).shape ?? fail(value, `The shape of "${value}" cannot be inferred.`);
  }

  /** The value of an initializer or a folded constant. */
  constant(value: string): Tensor | undefined {
    return this.#scope.constant(value) ?? this.#around?.constant(value);
  }

  #typeOf(value: string): ValueType | undefined {
    return this.#around === undefined
      ? this.#scope.type(value)
      : (this.#scope.type(value) ?? this.#around.#typeOf(value));
  }

  /** Whether a node may read a value: one of this graph or of those around it. */
  #has(name: string): boolean {
    return this.#around === undefined ? this.#taken.has(name) : this.#taken.has(name) || this.#around.#has(name);
  }

  /** Makes what is known of a value of a graph around known here; nothing inside can have its name then. */
  #capture(name: string): void {
    if (!this.#around || !name || this.#taken.has(name)) return;
    this.#taken.add(name);
    const constant = this.#around.constant(name);
    const type = this.#around.#typeOf(name);
    if (constant) this.#scope.declareConstant(name, constant);
    else if (type) this.#scope.declare(name, type);
  }

  /** A name that nothing has and that was not given out before: the stem, or the stem and a number. */
  unique(stem: string): string {
    for (;;) {
      const name = this.#around ? this.#around.unique(stem) : this.#next(stem);
      if (this.#taken.has(name) || this.#nodeNames.has(name) || this.#issued.has(name)) continue;
      this.#issued.add(name);
      return name;
    }
  }

  #next(stem: string): string {
    const count = this.#counts.get(stem) ?? 0;
    this.#counts.set(stem, count + 1);
    return count === 0 ? stem : `${stem}_${count}`;
  }

  #take(name: string): void {
    this.#refuseTaken(name);
    this.#taken.add(name);
  }

  #refuseTaken(name: string): void {
    if (this.#taken.has(name)) throw new GraphError(name, `"${name}" is already the name of another value.`);
  }

  build(): Graph {
    return {
      name: this.name,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      initializers: new Map(this.#initializers),
      nodes: [...this.#nodes],
      values: new Map(),
    };
  }
}

function fail(value: string, message: string): never {
  throw new GraphError(value, message);
}
