import {
  type Attribute,
  describeNode,
  type Model,
  type Node,
  numbersOf,
  scopeOf,
  type ValueType,
  valuesRead,
} from "@glyphcast/onnx";
import type { Emitter } from "./emitter.ts";
import { DataDependentShapeError, NoGradientError, TrainError, UnknownShapeError } from "./errors.ts";
import { type Form, Forms, plainFromRows, rowsFromPlain } from "./form.ts";
import { differentiableOps, gradientOf } from "./gradients/table.ts";
import { copyNode, type Gradient, type Noise, type Rule, type Site } from "./rule.ts";

type Noises = (name: string, shape: readonly number[], draw: Noise) => string;

interface Played {
  readonly node: Node;
  /** The node by its name, and by its element type where that is not float32. */
  readonly described: string;
  readonly rule: Rule | undefined;
  readonly site: Site;
  readonly saved: unknown;
}

/**
 * Reverse-mode differentiation of a graph: plays its nodes forward into an emitter, then walks back over them and sums
 * what each value receives from its uses.
 *
 * @see Baydin et al. 2018, "Automatic Differentiation in Machine Learning: a Survey", §3.2
 */
export class Tape {
  readonly #g: Emitter;
  readonly #model: Model;
  readonly #types: (value: string) => ValueType | undefined;
  readonly #constants: (value: string) => readonly number[] | undefined;
  readonly #noise: Noises;
  readonly #forms: Forms;
  readonly #played: Played[] = [];
  readonly #gradients = new Map<string, Gradient[]>();

  /** The model's shapes are static; `noise` declares an input that is drawn for each step. */
  constructor(g: Emitter, model: Model, noise: Noises) {
    this.#g = g;
    this.#model = model;
    this.#noise = noise;
    this.#forms = new Forms(g);
    const scope = scopeOf(model.graph, model.opsets[""] ?? 17);
    this.#types = (value) => scope.type(value);
    this.#constants = (value) => {
      const constant = scope.constant(value);
      return constant && numbersOf(constant);
    };
  }

  /** Makes a value known that is there before the first node: an input, a parameter, a constant. */
  declare(value: string, emitted: string): void {
    this.#forms.put(value, this.#shape(value), "plain", emitted);
  }

  /** A value as ONNX says. */
  plain(value: string): string {
    this.#static(value);
    return this.#forms.get(value, "plain");
  }

  /** Emits a node's forward part. Constants and operators without a rule are emitted as they are. */
  forward(node: Node): void {
    const float = node.op === "Cast" ? undefined : this.#otherFloat(node);
    const rule = node.domain === "" && float === undefined ? gradientOf(node.op) : undefined;
    const described = float === undefined ? describeNode(node) : `${describeNode(node)} in ${float}`;
    const site = this.#site(node);
    const captured = [...valuesRead(node)].find((value) => !node.inputs.includes(value));
    if (captured !== undefined) site.fail(`its subgraphs read "${captured}" from around them, which a step renames.`);
    const saved = rule ? rule.forward(site) : copyNode(site);
    this.#played.push({ node, described, rule, site, saved });
  }

  /**
   * The gradient of the loss with respect to each of `wanted` that it depends on, in plain form.
   *
   * @param seed the gradient with respect to `from`.
   * @throws NoGradientError when an operator without a rule stands between.
   */
  backward(from: string, seed: string, wanted: ReadonlySet<string>): Map<string, string> {
    const leading = this.#leadingFrom(wanted);
    this.#gradients.set(from, [seed]);
    for (const { node, described, rule, site, saved } of this.#played.toReversed()) {
      if (!node.outputs.some((output) => this.#gradients.has(output))) continue;
      if (!node.inputs.some((input) => leading.has(input))) continue;
      if (!rule) throw new NoGradientError(described, this.#pathTo(node, from), differentiableOps);
      for (const [i, gradient] of rule.backward(site, saved).entries()) {
        const input = node.inputs[i];
        if (!input || !gradient || !leading.has(input)) continue;
        const others = this.#gradients.get(input);
        if (others) others.push(gradient);
        else this.#gradients.set(input, [gradient]);
      }
    }
    const reached = [...wanted].filter((value) => this.#gradients.has(value));
    return new Map(reached.map((value) => [value, this.#gradient(value, "plain")]));
  }

  /** The values on a way from one of `wanted` to anything. */
  #leadingFrom(wanted: ReadonlySet<string>): ReadonlySet<string> {
    const leading = new Set(wanted);
    for (const { node } of this.#played)
      if (node.inputs.some((input) => leading.has(input))) for (const output of node.outputs) leading.add(output);
    return leading;
  }

  /** What a node computes in, where that is a float of another width than the rules are written for. */
  #otherFloat({ inputs, outputs }: Node): string | undefined {
    const dtypes = [...inputs, ...outputs].map((value) => this.#types(value)?.dtype);
    return dtypes.find((dtype) => dtype === "float64" || dtype === "float16" || dtype === "bfloat16");
  }

  /** The sum of what a value received, in the form asked for. */
  #gradient(value: string, form: Form): string {
    const g = this.#g;
    const shape = this.#static(value);
    const received = this.#gradients.get(value);
    if (!received) return g.filled(form === "plain" ? shape : g.shape(this.#forms.get(value, "rows")), 0);
    const terms = received.map((gradient) => {
      const { form: has, value: emitted } =
        typeof gradient === "string" ? { form: "plain", value: gradient } : gradient;
      if (has === form) return emitted;
      return form === "rows" ? rowsFromPlain(g, emitted, shape) : plainFromRows(g, emitted, shape);
    });
    const sum = g.total(terms);
    this.#gradients.set(value, [{ form, value: sum }]);
    return sum;
  }

  #site(node: Node): Site {
    const input = (i: number) => node.inputs[i]!;
    const output = (i: number) => node.outputs[i]!;
    return {
      g: this.#g,
      node,
      shape: (i) => this.#static(input(i)),
      outputShape: (i) => this.#static(output(i)),
      form: (i) => this.#forms.form(input(i)),
      x: (i, form = "plain") => this.#forms.get(input(i), form),
      y: (i, form = "plain") => this.#forms.get(output(i), form),
      dy: (i, form = "plain") => this.#gradient(output(i), form),
      put: (i, form, value) => this.#forms.put(output(i), this.#shape(output(i)), form, value),
      constant: (i) => (node.inputs[i] ? this.#constants(input(i)) : undefined),
      noise: this.#noise,
      attribute: ((name: string, otherwise: Attribute) => node.attributes[name] ?? otherwise) as Site["attribute"],
      fail: (message) => {
        throw new TrainError("UNSUPPORTED", `${describeNode(node)}: ${message}`);
      },
    };
  }

  #shape(value: string): readonly number[] {
    const shape = this.#types(value)?.shape;
    if (!shape) throw new UnknownShapeError(value, this.#maker(value));
    return shape as readonly number[];
  }

  #maker(value: string): string | undefined {
    const node = this.#model.graph.nodes.find(({ outputs }) => outputs.includes(value));
    return node && describeNode(node);
  }

  /** The shape of a value that a rule or a gradient asks about. */
  #static(value: string): readonly number[] {
    const shape = this.#shape(value);
    if (shape.some((dim) => typeof dim !== "number")) throw new DataDependentShapeError(value, shape);
    return shape;
  }

  /** The shortest way from the loss down to a node, as descriptions. */
  #pathTo(target: Node, from: string): string[] {
    const producer = new Map(this.#played.flatMap(({ node }) => node.outputs.map((output) => [output, node] as const)));
    const start = producer.get(from);
    const queue: Node[][] = start ? [[start]] : [];
    const seen = new Set<Node>();
    for (const path of queue) {
      const node = path.at(-1)!;
      if (node === target) return ["loss", ...path.map(describeNode)];
      for (const input of node.inputs) {
        const next = producer.get(input);
        if (next && !seen.has(next)) {
          seen.add(next);
          queue.push([...path, next]);
        }
      }
    }
    return ["loss", describeNode(target)];
  }
}
