import type { Picture } from "../picture.ts";
import { type Html, html } from "./html.ts";

/** Enlarged in whole blocks, so that pixels are seen as they are. */
export function image({ src, width, height }: Picture, alt: string, shownWidth: number): Html {
  const times = Math.max(1, Math.floor(shownWidth / width));
  return html`<img src="${src}" alt="${alt}" width="${width * times}" height="${height * times}">`;
}
