import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";

export const tokensPerDay = z.int().min(0).max(LIMITS.inferenceBudgetMax).nullable();

/** What an account bounds its own spending on models to; null: as its plan says. */
export const boundInput = z.strictObject({ tokensPerDay });
