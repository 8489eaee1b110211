import { type Dim, type GraphBuilder, int64, type Tensor } from "@glyphcast/onnx";
import { LayerError, WeightError } from "./errors.ts";
import type { LayerRule } from "./layers/rule.ts";
import {
  type Block,
  channelsSecond,
  equal,
  type Held,
  identity,
  inverse,
  isIdentity,
  keepsOrder,
  type Mask,
  orderOf,
  sizeOfBlocks,
} from "./layout.ts";
import { type Origin, type Relayout, toOnnx } from "./origin.ts";
import type { Layer } from "./topology.ts";

export interface LoweringOptions {
  /** Keep what training needs: dropout, batch statistics, every weight under its own name. */
  readonly training: boolean;
  /** The layers that are called more than once. */
  readonly shared: ReadonlySet<Layer>;
  /** Lowers a call of a layer or model that another layer wraps. */
  readonly lowerLayer?: LowerLayer;
  /** The rules of this package, and before them those of plug-ins. */
  readonly ruleOf?: (className: string) => LayerRule | undefined;
}

/**
 * What TF.js's executor passes to a layer. Once a layer has read a masked value, that mask goes to every later layer,
 * masked or not, until another takes its place; and with it the initial states that a recurrent layer was given.
 * @see tfjs-layers 4.22, engine/executor.js, execute
 */
export interface Passed {
  readonly masked: boolean;
  readonly mask: Mask;
  /** The recurrent layer whose initial states later ones begin with too. */
  readonly statesOf?: string;
}

export type LowerLayer = (lowering: Lowering, layer: Layer, inputs: readonly Held[]) => readonly Held[];

/** What grows while layers are lowered: the graph, the weights that it holds, and the layouts of its values. */
export class Lowering {
  readonly g: GraphBuilder;
  readonly training: boolean;
  readonly shared: ReadonlySet<Layer>;
  readonly origins: Origin[] = [];
  passed: Passed = { masked: false, mask: undefined };
  /** The integers that a float value was made of, for layers that want integers. */
  readonly integers: Map<string, string> = new Map();
  /** Which activation each result of one is of, and of what. */
  readonly activated: Map<string, { readonly by: string; readonly from: Held }> = new Map();
  readonly #options: LoweringOptions;
  readonly #weights: ReadonlyMap<string, Tensor>;
  /** TF 2.2 put the cell's name between the layer's and the weight's: `lstm/lstm_cell/kernel`. */
  readonly #shortened: ReadonlyMap<string, string>;
  readonly #parameters = new Map<string, string>();
  readonly #moved = new Map<string, string>();

  constructor(g: GraphBuilder, weights: ReadonlyMap<string, Tensor>, options: LoweringOptions) {
    this.g = g;
    this.#options = options;
    this.training = options.training;
    this.shared = options.shared;
    this.#weights = weights;
    this.#shortened = new Map(Array.from(weights.keys(), (name) => [name.replace(/[^/]+\/([^/]+)$/, "$1"), name]));
  }

  /** The same model's lowering into another graph: the body of a loop. */
  within(g: GraphBuilder): Lowering {
    return new Lowering(g, this.#weights, this.#options);
  }

  ruleOf(className: string): LayerRule | undefined {
    return this.#options.ruleOf?.(className);
  }

  lowerLayer(layer: Layer, inputs: readonly Held[]): readonly Held[] {
    const { lowerLayer } = this.#options;
    if (!lowerLayer) throw new Error(`bug: "${layer.name}" is wrapped in a model without layers.`);
    return lowerLayer(this, layer, inputs);
  }

  /** TF.js's extents of a value. */
  dims({ name, perm }: Held): readonly Dim[] {
    const dims = this.g.dims(name);
    return inverse(perm).map((axis) => dims[axis]!);
  }

  /** Holds a value in another order of axes: a Transpose, or a Reshape where no element moves in memory. */
  arrange(x: Held, perm: readonly number[], node: string): Held {
    if (equal(x.perm, perm)) return x;
    const axes = perm.map((axis) => x.perm.indexOf(axis));
    const key = `${x.name}:${axes}`;
    const moved = this.#moved.get(key) ?? this.#move(x.name, axes, node);
    this.#moved.set(key, moved);
    return { ...x, name: moved, perm };
  }

  #move(value: string, axes: readonly number[], node: string): string {
    const held = this.g.dims(value);
    const dims = axes.map((axis) => held[axis]!);
    // 0 copies the extent at the same place, -1 is the one left open.
    const target = dims.map((dim, i) => (typeof dim === "number" ? dim : held[i] === dim ? 0 : -1));
    if (keepsOrder(held, axes) && target.filter((dim) => dim === -1).length <= 1)
      return this.op(`${node}/Reshape`, "Reshape", [value, this.g.ints(target)]);
    return this.op(`${node}/Transpose`, "Transpose", [value], { perm: axes });
  }

  /** Holds a value exactly as TF.js does. */
  plain(x: Held, node: string): Held {
    const { blocks, ...rest } = this.arrange(x, identity(x.perm.length), node);
    if (!blocks) return rest;
    if (sizeOfBlocks(blocks) > 2 ** 24)
      throw new LayerError(node, `A flattened image of ${sizeOfBlocks(blocks)} elements is too large to put in order.`);
    const order = orderOf(blocks);
    const places = new Int32Array(order.length);
    for (const [held, place] of order.entries()) places[place] = held;
    const indices = this.g.initializer(this.g.unique(`${node}/order`), int64([places.length], places));
    return { ...rest, name: this.op(`${node}/Gather`, "Gather", [rest.name, indices], { axis: rest.perm.length - 1 }) };
  }

  /** Holds an image so that `axis` of TF.js is the second, where ONNX has the channels. */
  channelsSecond(x: Held, axis: number, node: string): Held {
    return this.arrange(x, channelsSecond(x.perm.length, axis), node);
  }

  op(name: string, op: string, inputs: readonly string[], attributes: Parameters<GraphBuilder["op"]>[2] = {}): string {
    return this.g.op(op, inputs, attributes, { name: this.g.unique(name) });
  }

  #weightNames(): string {
    const names = [...this.#weights.keys()];
    return names.length > 8 ? `${names.slice(0, 8).join(", ")} … (${names.length})` : names.join(", ") || "none";
  }

  /**
   * The initializer for a layer's weight, brought to ONNX's layout by `steps`.
   * @throws WeightError when it is missing, not float32, or not of the `shape` that TF.js gives it.
   */
  parameter(
    layer: Layer,
    key: string,
    shape: readonly Dim[],
    steps: () => readonly Relayout[],
    { trainable = layer.config.flag("trainable", true), next }: { trainable?: boolean; next?: string } = {},
  ): string {
    const wanted = `${layer.name}/${key}`;
    const weight = this.#weights.has(wanted) ? wanted : (this.#shortened.get(wanted) ?? wanted);
    const tensor = this.#weights.get(weight);
    const where = layer.config.layer;
    if (!tensor)
      throw new WeightError(
        wanted,
        `${where}: the weight "${wanted}" is missing.\n  There are: ${this.#weightNames()}.`,
      );
    if (tensor.dtype !== "float32")
      throw new WeightError(weight, `${where}: the weight "${weight}" is ${tensor.dtype}, expected float32.`);
    if (tensor.shape.length !== shape.length || !tensor.shape.every((dim, axis) => dim === shape[axis]))
      throw new WeightError(
        weight,
        `${where}: the weight "${weight}" has shape [${tensor.shape.join(", ")}], expected [${shape.join(", ")}].\n` +
          "  model.json and its weights are not of the same model.",
      );
    const path = steps().filter((step) => step.kind !== "transpose" || !isIdentity(step.perm));
    const identifier = JSON.stringify([weight, path.map((step) => ("order" in step ? [...step.order] : step))]);
    const known = this.#parameters.get(identifier);
    if (known !== undefined) return known;
    const initializer = this.g.initializer(this.g.unique(weight), toOnnx(tensor, path));
    this.#parameters.set(identifier, initializer);
    this.origins.push({
      initializer,
      weight,
      trainable,
      shape: tensor.shape,
      steps: path,
      ...(next !== undefined && { next }),
    });
    return initializer;
  }
}

/** The step that brings a weight's rows into the order in which a flattened image is held. */
export const rowsInOrder = (blocks: readonly Block[] | undefined): readonly Relayout[] =>
  blocks ? [{ kind: "rows", order: orderOf(blocks) }] : [];
