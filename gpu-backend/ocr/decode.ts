/** A line of text, and how sure the model is of it, from 0 to 1. */
export type Line = { text: string; confidence: number };

/**
 * What a recogniser says of one line: the likeliest class at each step, repeats taken once, class 0 for nothing (greedy
 * CTC: Graves et al. 2006). `classes` are the characters of the classes from 1 on.
 */
export function decoded(scores: Float32Array, classes: readonly string[]): Line {
  const width = classes.length + 1;
  let text = "";
  let sum = 0;
  let kept = 0;
  let before = 0;
  for (let step = 0; (step + 1) * width <= scores.length; step += 1) {
    let best = 0;
    let score = scores[step * width] ?? 0;
    for (let at = 1; at < width; at += 1) {
      const one = scores[step * width + at] ?? 0;
      if (one > score) [best, score] = [at, one];
    }
    if (best !== 0 && best !== before) {
      text += classes[best - 1] ?? "";
      sum += score;
      kept += 1;
    }
    before = best;
  }
  return { text: text.trim(), confidence: kept === 0 ? 0 : Math.min(1, sum / kept) };
}
