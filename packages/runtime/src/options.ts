import { OptionValueError, UnknownOptionError } from "./errors.ts";

/** Refuses what the call does not know, so that a misspelt option is an error and not a default. */
export function checkOptions(call: string, options: object, known: readonly string[]): void {
  for (const option of Object.keys(options))
    if (!known.includes(option)) throw new UnknownOptionError(call, option, known);
}

export function checkCount(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new OptionValueError(option, String(value), "a whole number of at least 1");
}

export function checkChoice(option: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string))
    throw new OptionValueError(option, JSON.stringify(value) ?? String(value), `one of ${choices.join(", ")}`);
}

/** A path or URL, as text or as the global URL class of either side. */
export function checkFolder(folder: unknown): void {
  if (typeof folder !== "string" && Object.prototype.toString.call(folder) !== "[object URL]")
    throw new OptionValueError("folder", String(folder), "the path or URL of a model's folder");
  if (folder === "") throw new OptionValueError("folder", "empty", "the path or URL of a model's folder");
}
