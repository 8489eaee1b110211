import {
  ARRAY_OF,
  type DataType,
  type Dim,
  type GraphBuilder,
  int64,
  numbersOf,
  sizeOf,
  type Tensor,
} from "@glyphcast/onnx";
import { WeightError } from "../errors.ts";
import { equal, type Held, identity, isIdentity } from "../layout.ts";
import { Lowering } from "../lowering.ts";
import { type Origin, type Relayout, toOnnx } from "../origin.ts";
import type { GraphDef } from "./graph-def.ts";
import type { OpRule } from "./op-rule.ts";

/** More integers than a shape or a list of axes has. */
const MAX_ELEMENTS = 4096;

/** More integers than a shape has. */
const MAX_NAMED = 16;

/** What a model's ops are lowered from. */
export interface GraphSource {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly functions: Map<string, GraphDef>;
  readonly ruleOf: (op: string) => OpRule | undefined;
}

/** A list for which room is wanted, but of whose elements not even the shape is known yet. */
export interface Reserved {
  readonly dtype: DataType;
  /** Its length: a number, or a vector of one that is computed. */
  readonly size: number | string;
  /** Inside of a loop, whose body is lowered to find out what it puts into the list. */
  readonly trial?: boolean;
}

/** An image that was padded and cut into blocks, one behind the other along the batch. */
export interface Cut {
  readonly image: Held;
  readonly block: readonly number[];
  /** [before, after] along each blocked axis. */
  readonly pads: readonly (readonly [Dim, Dim])[];
}

/** A convolution of a cut image. */
export interface CutConvolution extends Cut {
  /** The convolution of the whole image that comes to the same, once the blocks are put together again. */
  whole(pads: readonly number[]): Held;
}

/**
 * What grows while ops are lowered. Beside the layouts of values it knows the elements of small integer tensors, with
 * names where they are extents known only at run time: most of what TensorFlow computes shapes from.
 */
export class GraphLowering extends Lowering {
  readonly source: GraphSource;
  /** How many functions are around what is lowered. */
  readonly depth: number;
  readonly reserved: Map<string, Reserved> = new Map();
  readonly cuts: Map<string, Cut> = new Map();
  readonly cutConvolutions: Map<string, CutConvolution> = new Map();
  /** The values that are complex numbers. */
  readonly complex: Set<string> = new Set();
  readonly #elements = new Map<string, readonly Dim[]>();
  readonly #origins = new Map<string, Origin>();
  readonly #relaid = new Map<string, string>();
  readonly #scalars = new Map<string, string>();

  constructor(g: GraphBuilder, source: GraphSource, depth = 0) {
    super(g, source.weights, { training: false, shared: new Set() });
    this.source = source;
    this.depth = depth;
  }

  /** The lowering of a branch or loop body. */
  override within(g: GraphBuilder): GraphLowering {
    return new GraphLowering(g, this.source, this.depth + 1);
  }

  /** The initializer of a Const node. @throws WeightError when there is no such weight. */
  const(node: string): Held {
    const { weights } = this.source;
    const tensor = weights.get(node);
    if (!tensor)
      throw new WeightError(node, `Const "${node}": the weight is missing.\n  There are ${weights.size} others.`);
    const name = this.g.initializer(this.g.unique(node), tensor);
    this.#remember({ initializer: name, weight: node, trainable: false, shape: tensor.shape, steps: [] });
    return { name, perm: identity(tensor.shape.length) };
  }

  #remember(origin: Origin): void {
    this.#origins.set(origin.initializer, origin);
    this.origins.push(origin);
  }

  /** A constant brought into another layout, once for all who want it so. */
  relay(constant: string, ...steps: readonly Relayout[]): string {
    const tensor = this.g.constant(constant);
    if (!tensor) throw new Error(`bug: "${constant}" is not a constant.`);
    const path = steps.filter((step) => step.kind !== "transpose" || !isIdentity(step.perm));
    if (path.length === 0) return constant;
    const key = JSON.stringify([constant, path.map((step) => ("order" in step ? [...step.order] : step))]);
    const known = this.#relaid.get(key);
    if (known !== undefined) return known;
    const name = this.g.initializer(this.g.unique(constant), toOnnx(tensor, path));
    this.#relaid.set(key, name);
    const origin = this.#origins.get(constant);
    if (origin) this.#remember({ ...origin, initializer: name, steps: [...origin.steps, ...path] });
    return name;
  }

  /** A constant is laid out when converting, not when running. */
  override arrange(x: Held, perm: readonly number[], node: string): Held {
    if (equal(x.perm, perm) || !this.isConstant(x)) return super.arrange(x, perm, node);
    const steps = { kind: "transpose", perm: perm.map((axis) => x.perm.indexOf(axis)) } as const;
    return { ...x, name: this.relay(x.name, steps), perm };
  }

  isConstant({ name }: Held): boolean {
    return this.g.constant(name) !== undefined;
  }

  dtype({ name }: Held): DataType {
    return this.g.type(name).dtype;
  }

  /** A constant of rank 0; equal ones are shared. */
  scalar(value: number, dtype: DataType): string {
    if (dtype === "float32") return this.g.floats(value);
    const key = `${dtype}:${value}`;
    const known = this.#scalars.get(key);
    if (known !== undefined) return known;
    const name = this.g.initializer(this.g.unique(dtype), numeric(dtype, [], [value]));
    this.#scalars.set(key, name);
    return name;
  }

  /** A value that stands for a list until its elements' shape is known. */
  reserve(list: Reserved): Held {
    const name = this.g.initializer(this.g.unique("reserved"), numeric(list.dtype, [], [0]));
    this.reserved.set(name, list);
    return { name, perm: [] };
  }

  /** The elements of a small integer tensor in TF.js's order, as far as they are known: numbers, and names of extents. */
  elements({ name, perm }: Held): readonly Dim[] | undefined {
    const known = this.#elements.get(name);
    if (known) return known;
    const tensor = this.g.constant(name);
    if (!tensor || sizeOf(tensor.shape) > MAX_ELEMENTS || !/^int/.test(tensor.dtype) || !isIdentity(perm))
      return undefined;
    return numbersOf(tensor);
  }

  /** The elements of a vector or number; those that are not known get names. */
  named(x: Held): readonly Dim[] | undefined {
    const known = this.elements(x);
    const [size = 1, ...more] = this.dims(x);
    if (known || more.length > 0 || typeof size !== "number" || size > MAX_NAMED || this.dtype(x) !== "int32")
      return known;
    const names = identity(size).map((i) => `${x.name}[${i}]`);
    this.#elements.set(x.name, names);
    return names;
  }

  /** Notes what a value's elements are; where all of them are numbers, a constant takes its place. */
  know(x: Held, elements: readonly Dim[] | undefined): Held {
    if (!elements || elements.length > MAX_ELEMENTS || !isIdentity(x.perm)) return x;
    const dims = x.perm.length === 0 ? [] : x.perm.length === 1 ? [elements.length] : this.dims(x);
    const shape = dims.filter((dim) => typeof dim === "number");
    if (shape.length < dims.length || sizeOf(shape) !== elements.length) return x;
    if (!elements.every((element): element is number => typeof element === "number")) {
      this.#elements.set(x.name, elements);
      return x;
    }
    const name = this.g.initializer(this.g.unique(`${x.name}/value`), numeric("int32", shape, elements));
    return { name, perm: x.perm };
  }
}

/** A tensor of one of the types that numbers are elements of. */
export function numeric(dtype: DataType, shape: readonly number[], values: readonly number[]): Tensor {
  if (dtype === "int64") return int64(shape, values);
  const data = new ARRAY_OF[dtype as "float32"](values.length);
  data.set(values);
  return { dtype, shape, data } as Tensor;
}
