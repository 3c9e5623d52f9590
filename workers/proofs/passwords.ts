import { compare, hash } from "bcryptjs";
import type { Proofs } from "#domain/proofs/model.ts";

/** 2^12 rounds: about 0.3 s of a core. */
const COST = 12;

// Not the synchronous forms: these let the next request in every 100 ms, so that one too many is refused at once.
export const hashPassword = ({ digest }: Proofs["hash-password"]["input"]): Promise<string> =>
  hash(digest, COST);

export const verifyPassword = (input: Proofs["verify-password"]["input"]): Promise<boolean> =>
  compare(input.digest, input.hash);
