import type { Corruption } from "./corruption.ts";

/** Photons that the blackest ink counts for. */
const PHOTONS = 3;
/** The share of all pixels that fail. */
const FAILING = 0.17;

/**
 * Too little light: each pixel becomes a Poisson count whose mean is its own level, of three photons at most. Paper
 * stays paper; ink grows grainy.
 */
export const shotNoise: Corruption = (picture, random) => {
  // P(none) = exp(−mean): as many uniform numbers as it takes to multiply to less (Knuth 1969, §3.4.1).
  const data = picture.data.map((level) => {
    const none = Math.exp((-PHOTONS * level) / 255);
    let photons = 0;
    for (let product = random(); product > none; product *= random()) photons++;
    return Math.min(255, Math.round((255 * photons) / PHOTONS));
  });
  return { ...picture, data };
};

/** Salt and pepper: of every 100 pixels 17 fail, half of them to paper and half to full ink. */
export const impulseNoise: Corruption = (picture, random) => ({
  ...picture,
  data: picture.data.map((level) => {
    const draw = random();
    return draw >= FAILING ? level : draw < FAILING / 2 ? 0 : 255;
  }),
});
