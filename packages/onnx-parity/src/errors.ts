/** What keeps a comparison from being made. `code` is stable; the values are fields. */
export class ParityError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** What was asked for cannot be asked for. */
export class UsageError extends ParityError {
  constructor(message: string) {
    super("USAGE", message);
  }
}

export class UnknownRuntimeError extends ParityError {
  readonly runtime: string;

  constructor(runtime: string, known: readonly string[]) {
    super(
      "UNKNOWN_RUNTIME",
      `There is no runtime "${runtime}". There are: ${known.join(", ")}; with threads, browser-wasm:2.`,
    );
    this.runtime = runtime;
  }
}

/** A file that cannot be read, or does not hold what its name promises. */
export class FileError extends ParityError {
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super("FILE", `${path}: ${message}`, options);
    this.path = path;
  }
}

/** A model keeps a tensor in another file, and that file cannot be used. */
export class ExternalDataError extends ParityError {
  readonly model: string;
  readonly tensor: string;
  readonly location: string;

  constructor(
    { model, tensor, location }: { readonly model: string; readonly tensor: string; readonly location: string },
    reason: string,
    options?: ErrorOptions,
  ) {
    super("EXTERNAL_DATA", `${model}: tensor "${tensor}" keeps its data in "${location}". ${reason}`, options);
    this.model = model;
    this.tensor = tensor;
    this.location = location;
  }
}

/** The inputs do not fit the model. */
export class InputError extends ParityError {
  readonly input: string;

  constructor(input: string, message: string) {
    super("INPUT", `Input "${input}" ${message}`);
    this.input = input;
  }
}

/** Pictures cannot be made a model's inputs. */
export class PicturesError extends ParityError {
  constructor(message: string, options?: ErrorOptions) {
    super("PICTURES", message, options);
  }
}

/** There is nothing to compare, and that is no agreement. */
export class NothingComparedError extends ParityError {
  constructor(reason: string) {
    super("NOTHING_COMPARED", `Nothing was compared: ${reason}`);
  }
}

/** The runtime is not on this machine, or cannot start here. */
export class UnavailableError extends ParityError {
  readonly runtime: string;
  readonly reason: string;

  constructor(runtime: string, reason: string, options?: ErrorOptions) {
    super("UNAVAILABLE", `${runtime} is not available: ${reason}`, options);
    this.runtime = runtime;
    this.reason = reason;
  }
}

/** The runtime works, and refuses this model or these inputs. */
export class RefusedError extends ParityError {
  readonly runtime: string;
  readonly reason: string;

  constructor(runtime: string, reason: string) {
    super("REFUSED", `${runtime}: ${reason}`);
    this.runtime = runtime;
    this.reason = reason;
  }
}

/** The process or page that the runtime lived in is gone. */
export class CrashError extends ParityError {
  readonly runtime: string;
  readonly reason: string;

  constructor(runtime: string, reason: string) {
    super("CRASHED", `${runtime} crashed: ${reason}`);
    this.runtime = runtime;
    this.reason = reason;
  }
}

/** The runtime did not answer in time, and was ended. */
export class TimeLimitError extends ParityError {
  readonly runtime: string;
  readonly seconds: number;

  constructor(runtime: string, seconds: number, doing: string) {
    super("TIME_LIMIT", `${runtime} did not ${doing} within ${seconds} s and was ended. --time-limit allows more.`);
    this.runtime = runtime;
    this.seconds = seconds;
  }
}
