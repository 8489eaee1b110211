/** Every engine has these; the language's own library does not declare them. */
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** @throws TypeError when the bytes are not UTF-8. */
export const textFromBytes = (bytes: Uint8Array): string => decoder.decode(bytes);

export const bytesFromText = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
