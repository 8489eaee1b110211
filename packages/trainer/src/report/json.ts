/** A JSON document as it stands in a file: lists of plain values on one line, everything else indented. */
export const json = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/\[\n\s+([^[\]{}]*?)\n\s*\]/g, (_, items: string) => `[${items.replaceAll(/\n\s+/g, " ")}]`)}\n`;
