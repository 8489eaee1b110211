import * as preprocess from "@glyphcast/preprocess";
import * as runtime from "@glyphcast/runtime";

/** An error as it crosses threads: structured clone would keep neither its class nor its fields. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: string | undefined;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error))
    return { name: "Error", message: String(error), stack: undefined, fields: {}, cause: undefined };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    stack,
    fields: { ...error },
    cause: cause === undefined ? undefined : runtime.messageOf(cause),
  };
}

/** The error of its own family again, so that `instanceof` and `code` hold on both sides. */
export function unpackError({ name, message, stack, fields, cause }: PackedError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: new Error(cause) });
  if (stack !== undefined) error.stack = stack;
  const family: Readonly<Record<string, unknown>> = { ...preprocess, ...runtime };
  const own = family[name];
  if (typeof own === "function") Object.setPrototypeOf(error, own.prototype);
  return Object.assign(error, fields);
}
