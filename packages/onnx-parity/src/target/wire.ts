/** Messages between a page and this process: JSON, and behind it the bytes of every typed array in it. */
export interface Wire {
  pack(message: unknown): Uint8Array<ArrayBuffer>;
  unpack(bytes: Uint8Array<ArrayBuffer>): unknown;
}

/** Needs nothing from outside itself: pages get it as text. */
export function makeWire(): Wire {
  const KEY = "$bytes";
  // Every element type may stand there.
  const aligned = (at: number): number => Math.ceil(at / 8) * 8;
  return {
    pack(message) {
      const views: Uint8Array[] = [];
      let at = 0;
      const json = JSON.stringify(message, (_key, value) => {
        if (!ArrayBuffer.isView(value)) return value;
        const view = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
        const place = { [KEY]: [value.constructor.name, at, view.length] };
        views.push(view);
        at = aligned(at + view.length);
        return place;
      });
      const head = new TextEncoder().encode(json);
      const start = aligned(4 + head.length);
      const bytes = new Uint8Array(start + at);
      new DataView(bytes.buffer).setUint32(0, head.length, true);
      bytes.set(head, 4);
      let end = start;
      for (const view of views) {
        bytes.set(view, end);
        end = aligned(end + view.length);
      }
      return bytes;
    },
    unpack({ buffer, byteOffset }) {
      const length = new DataView(buffer, byteOffset).getUint32(0, true);
      const start = aligned(4 + length);
      return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 4, length)), (_key, value) => {
        const place = value?.[KEY];
        if (place === undefined) return value;
        const [name, at, size] = place as [string, number, number];
        const from = byteOffset + start + at;
        const array = (globalThis as unknown as Record<string, new (source: ArrayBuffer) => unknown>)[name]!;
        return new array(buffer.slice(from, from + size));
      });
    },
  };
}
