/** What a file or a caller got wrong about a graph. `code` is stable; the values are fields. */
export class OnnxError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The bytes are not an ONNX model, or use a part of the format that is not supported. */
export class DecodeError extends OnnxError {
  constructor(message: string, options?: ErrorOptions) {
    super("ONNX_DECODE", message, options);
  }
}

/** The model holds something that the format has no place for. */
export class EncodeError extends OnnxError {
  constructor(message: string, options?: ErrorOptions) {
    super("ONNX_ENCODE", message, options);
  }
}

/** A node's inputs do not fit its operator. */
export class ShapeError extends OnnxError {
  readonly node: string;

  constructor(node: string, message: string) {
    super("ONNX_SHAPE", `${node}: ${message}`);
    this.node = node;
  }
}

/** One thing that is wrong with a graph, and the value it is about. */
export interface Finding {
  readonly value: string;
  readonly message: string;
}

/** The graph itself is not sound: a value without a producer, a name used twice, a cycle. */
export class GraphError extends OnnxError {
  /** The value it is about: of several findings, the first's. */
  readonly value: string;
  readonly findings: readonly Finding[];

  constructor(value: string, message: string, findings: readonly Finding[] = [{ value, message }]) {
    super("ONNX_GRAPH", message);
    this.value = value;
    this.findings = findings;
  }
}
