import { TfjsError } from "../errors.ts";

/** A node's attributes or inputs make no sense, or ask for what has no conversion. */
export class OpError extends TfjsError {
  /** The op and the node's name, as in `Conv2D "block1/conv"`. */
  readonly node: string;

  constructor(node: string, message: string, options?: ErrorOptions) {
    super("TFJS_OP", `${node}: ${message}`, options);
    this.node = node;
  }
}

export interface UnsupportedOp {
  readonly op: string;
  readonly name: string;
}

/** The graph uses ops that have no rule: all of them, at once. */
export class UnsupportedOpsError extends TfjsError {
  readonly nodes: readonly UnsupportedOp[];

  /** @param reasonOf why an op that is known has no conversion. */
  constructor(nodes: readonly UnsupportedOp[], reasonOf: (op: string) => string | undefined = () => undefined) {
    const ops = new Set(nodes.map(({ op }) => op));
    const lines = Array.from(ops, (op) => {
      const names = nodes.filter((node) => node.op === op).map(({ name }) => `"${name}"`);
      const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
      const reason = reasonOf(op);
      return `  ${op}: ${names.slice(0, 5).join(", ")}${more}${reason === undefined ? "" : ` (${reason})`}`;
    });
    super(
      "TFJS_UNSUPPORTED_OP",
      `${ops.size} ${ops.size === 1 ? "op has" : "ops have"} no conversion:\n${lines.join("\n")}\n` +
        "  docs/tfjs-to-onnx-ops.md lists the ops that do. For others write a plug-in:\n" +
        '  export default { className: "TheOp", build(graph, config, weights, inputs) { return graph.op("Abs", inputs); } }',
    );
    this.nodes = nodes;
  }
}
