/**
 * The area under the ROC curve of telling two kinds apart by a score: how often one of `above` scores higher than one of
 * `below`, and half as often as both score the same. 1 where every one does, 0.5 where the score says nothing.
 */
export function auroc(above: Float32Array, below: Float32Array): number {
  const scores = [
    ...Array.from(above, (score) => ({ score, wins: 1 })),
    ...Array.from(below, (score) => ({ score, wins: 0 })),
  ];
  scores.sort((a, b) => a.score - b.score);
  // Mann and Whitney's U, from the ranks of those above: Σ rank − n(n + 1)/2. Equal scores share the mean of their ranks.
  let ranks = 0;
  for (let first = 0; first < scores.length; ) {
    let last = first;
    let wins = 0;
    while (last < scores.length && scores[last]!.score === scores[first]!.score) wins += scores[last++]!.wins;
    ranks += wins * ((first + 1 + last) / 2);
    first = last;
  }
  return (ranks - (above.length * (above.length + 1)) / 2) / (above.length * below.length);
}
