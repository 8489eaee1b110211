/**
 * How strongly each cell of a confusion matrix is coloured, from 0 to 0.55 so that numbers stay legible on it: what is
 * right by its share of the row, and mistakes by the commonest of them, or one in a thousand would not be seen.
 */
export function confusionTones(confusion: readonly (readonly number[])[]): (truth: number, guess: number) => number {
  const most = Math.max(1, ...confusion.map((row, truth) => Math.max(0, ...row.filter((_, guess) => guess !== truth))));
  return (truth, guess) => {
    const row = confusion[truth]!;
    const images = row[guess]!;
    if (images === 0) return 0;
    if (truth === guess) return (STRONGEST * images) / row.reduce((sum, n) => sum + n, 0);
    return STRONGEST * (FAINTEST + (1 - FAINTEST) * (images / most));
  };
}

const STRONGEST = 0.55;
/** Of a single mistake, beside the strongest. */
const FAINTEST = 0.15;
