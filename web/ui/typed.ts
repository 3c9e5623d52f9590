/** What is typed as a list: by commas, also those of Chinese and Japanese. */
export const listOf = (typed: string): string[] =>
  typed
    .split(/[,，、]/)
    .map((each) => each.trim())
    .filter((each) => each !== "");

/** NaN where nothing was typed, which no schema takes: an empty field is no 0. */
export const numberOf = (typed: string): number =>
  typed.trim() === "" ? Number.NaN : Number(typed);
