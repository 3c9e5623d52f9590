import { z } from "zod";
import { HOMES } from "#domain/regions/regions.ts";

/** Near where, or inside which jurisdiction, an account's collections are made; null: wherever they are first asked for. */
export const regionInput = z.strictObject({ region: z.enum(HOMES).nullable() });
