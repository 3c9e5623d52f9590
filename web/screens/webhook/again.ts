/** Attempts are told by no event: they are read again so often. */
export const AGAIN_MS = 5_000;
