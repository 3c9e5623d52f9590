import type { Context } from "hono";

const CHARS_MAX = 4_096;

/** The credential of a request's `Authorization: Bearer`; empty where there is none. */
export const bearerOf = (c: Context): string =>
  /^Bearer ([\x21-\x7e]+)$/i.exec((c.req.header("Authorization") ?? "").slice(0, CHARS_MAX))?.[1] ??
  "";
