import { isObject, type Json } from "./config.ts";
import { NotAModelError } from "./errors.ts";

/** The bytes of a model.json. `where` is its path or URL. @throws NotAModelError */
export function parseModelJson(bytes: Uint8Array, where: string): Json {
  const json = parse(bytes, where);
  if (!isObject(json)) throw new NotAModelError(`"${where}" does not hold a JSON object.`);
  return json;
}

function parse(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NotAModelError(`"${where}" is not JSON: ${reason}.`, { cause });
  }
}
