/** What a file, a caller or TF.js's own limits make unconvertible. `code` is stable; the values are fields. */
export class TfjsError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The JSON is not a TF.js LayersModel. */
export class NotAModelError extends TfjsError {
  constructor(message: string, options?: ErrorOptions) {
    super("TFJS_NOT_A_MODEL", message, options);
  }
}

/** A layer's configuration, or its place in the model, makes no sense. */
export class LayerError extends TfjsError {
  /** The layer's class and name, as in `Conv2D "conv1"`. */
  readonly layer: string;

  constructor(layer: string, message: string, options?: ErrorOptions) {
    super("TFJS_LAYER", `${layer}: ${message}`, options);
    this.layer = layer;
  }
}

/** The model uses layer classes that have no rule: all of them, at once. */
export class UnsupportedLayersError extends TfjsError {
  readonly layers: readonly { readonly className: string; readonly name: string }[];

  constructor(layers: readonly { readonly className: string; readonly name: string }[]) {
    const classes = new Set(layers.map(({ className }) => className));
    const lines = Array.from(classes, (className) => {
      const names = layers.filter((layer) => layer.className === className).map(({ name }) => `"${name}"`);
      return `  ${className}: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
    });
    super(
      "TFJS_UNSUPPORTED_LAYER",
      `${classes.size} layer ${classes.size === 1 ? "class has" : "classes have"} no conversion:\n${lines.join("\n")}\n` +
        "  The README's table lists the layers that do. For others write a plug-in (--plugin file.mjs):\n" +
        '  export default { className: "TheLayer", build: (graph, config, weights, [x]) => graph.op("Abs", [x]) };',
    );
    this.layers = layers;
  }
}

/** A layer is known, but not with this option. */
export class UnsupportedOptionError extends TfjsError {
  readonly layer: string;
  readonly option: string;
  readonly found: unknown;

  constructor(layer: string, option: string, found: unknown, mend: string) {
    super("TFJS_UNSUPPORTED_OPTION", `${layer}: ${option} ${JSON.stringify(found)} is not supported.\n  ${mend}`);
    this.layer = layer;
    this.option = option;
    this.found = found;
  }
}

/** A weight is missing, of another shape than its layer says, or not where the manifest says. */
export class WeightError extends TfjsError {
  /** The weight's name, or the shard's path. */
  readonly weight: string;

  constructor(weight: string, message: string, options?: ErrorOptions) {
    super("TFJS_WEIGHT", message, options);
    this.weight = weight;
  }
}

/** The manifest names a file outside the model's own folder. */
export class WeightPathError extends TfjsError {
  readonly path: string;

  constructor(path: string) {
    super(
      "TFJS_WEIGHT_PATH",
      `The weights manifest names ${JSON.stringify(path)}, which is not a relative path inside the model's folder.\n` +
        "  Put the shards beside model.json and list them by file name.",
    );
    this.path = path;
  }
}

/** A file cannot be read or written. */
export class FileError extends TfjsError {
  readonly path: string;

  constructor(path: string, what: "read" | "written", cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("TFJS_FILE", `"${path}" cannot be ${what}: ${reason}.`, { cause });
    this.path = path;
  }
}

/** The model is another than the one that was asked for. */
export class ChecksumError extends TfjsError {
  readonly expected: string;
  readonly found: string;

  constructor(source: string, expected: string, found: string) {
    super(
      "TFJS_CHECKSUM",
      `"${source}" has the SHA-256 ${found}, expected ${expected}.\n` +
        "  It is another version of the model, or was damaged on its way.",
    );
    this.expected = expected;
    this.found = found;
  }
}

/** A server does not answer, or not with what was asked for. */
export class FetchError extends TfjsError {
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super("TFJS_FETCH", `${url} cannot be read: ${reasonOf(cause)}.`, { cause });
    this.url = url;
  }
}

/** The system's own reason stands behind fetch's "fetch failed". */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message ? cause.cause.message : cause.message;
}

/** The command line asks for something that does not exist. */
export class UsageError extends TfjsError {
  constructor(message: string) {
    super("TFJS_USAGE", message);
  }
}
