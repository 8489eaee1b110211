import type { PictureDifference, PicturesReport } from "../pictures/pictures.ts";

/** "decoding and preprocessing (sharp, Node 20 and canvas, Chromium 156): 38 of 40 pictures byte-equal" */
export function picturesHead({ readers, unavailable, pictures, equal, refused }: PicturesReport): string {
  const head = `decoding and preprocessing (${readers.join(" and ")})`;
  const alike = refused.length > 0 ? `, ${refused.length} refused` : "";
  if (unavailable !== undefined) return `${head}: compared with no browser, which is not available: ${unavailable}`;
  if (readers.length === 1) return `${head}: ${pictures} pictures${alike}, compared with no browser, for none is asked`;
  return `${head}: ${equal} of ${pictures} pictures byte-equal${alike}`;
}

/** A line for each picture that is not the same, or that no side could read. */
export const picturesLines = ({ refused, differences }: PicturesReport): string[] => [
  ...differences.map(lineOf),
  ...refused.map((each) => `refused by all, ${each}`),
];

function lineOf({ file, differing, bytes, most, refused, mayDiffer }: PictureDifference): string {
  if (refused !== undefined) return `${file}: refused on one side only. ${refused.split("\n")[0]}`;
  const room = mayDiffer ? "; decoders of its format may round" : "";
  return `${file}: ${differing} of ${bytes} bytes differ, by at most ${most}${room}`;
}
