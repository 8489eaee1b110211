// Makes test/fixtures/pictures/: the second answer of tiny-answers.json, drawn, in the formats and with the metadata
// that tests do not encode themselves. Made with sharp 0.35.5:
//     node scripts/make-decoder-pictures.mjs
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const fixtures = new URL("../test/fixtures/", import.meta.url);
/** @type {(name: string) => string} */
const at = (name) => fileURLToPath(new URL(`pictures/${name}`, fixtures));
await mkdir(at(""), { recursive: true });

/** @type {{ pixels: string }[]} */
const answers = JSON.parse(await readFile(new URL("tiny-answers.json", fixtures), "utf8"));
const ink = Buffer.from(/** @type {{ pixels: string }} */ (answers[1]).pixels, "base64");
const paper = ink.map((strength) => 255 - strength);
const drawn = await sharp(paper, { raw: { width: 28, height: 28, channels: 1 } })
  .resize(224, 224, { kernel: "nearest" })
  .toColourspace("srgb")
  .png()
  .toBuffer();

await sharp(drawn).webp({ lossless: true }).toFile(at("lossless.webp"));
await sharp(drawn).webp({ quality: 80 }).toFile(at("lossy.webp"));
await sharp(drawn).ensureAlpha(0.5).webp({ quality: 80 }).toFile(at("alpha.webp")); // the extended format, VP8X
await sharp(drawn).gif().toFile(at("drawn.gif"));
// A profile that a decoder must leave aside, with colours that it would change.
await sharp(drawn).tint("#f40").withIccProfile("p3", { attach: true }).png().toFile(at("display-p3.png"));
// Not square, and stored lying on its side: orientation 6 says to turn it upright.
await sharp(drawn)
  .extract({ left: 12, top: 0, width: 200, height: 224 })
  .rotate(-90)
  .withMetadata({ orientation: 6 })
  .jpeg({ quality: 90 })
  .toFile(at("turned.jpg"));
