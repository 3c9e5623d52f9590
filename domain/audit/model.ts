import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";

/**
 * `intent` is written before a sensitive operation begins and `outcome` after it ended, so nothing sensitive happens
 * unrecorded; an intent without an outcome was cut off. `refused` was not begun. `noted` has happened beside a request.
 */
export const PHASES = ["intent", "outcome", "refused", "noted"] as const;

/** What an entry may say beyond its fixed fields: names of things and numbers, never contents, never personal fields. */
const detail = z.record(
  z.string().max(40),
  z.union([z.string().max(200), z.number(), z.boolean(), z.array(z.string().max(200)).max(32)]),
);
export type Detail = z.infer<typeof detail>;

const actor = z.object({
  /** A person by the pseudonym that this account's log knows them under; "system" is the product itself. */
  id: z.string(),
  /** Which credential it was, where one was used. */
  credential: z.string().optional(),
});

/** One entry as it is kept, exported and hashed. */
export const auditEntry = z.object({
  /** 1, 2, 3 … without a gap. */
  seq: z.int(),
  at: z.string(),
  phase: z.enum(PHASES),
  action: z.string(),
  actor,
  resource: z.object({ type: z.string(), id: z.string().optional() }),
  /** The X-Request-Id of the answer. */
  request: z.string().optional(),
  /** Of an outcome: the intent it belongs to. */
  of: z.int().optional(),
  /** The status of the answer, and the code of a problem. */
  status: z.int().optional(),
  code: z.string().optional(),
  detail: detail.optional(),
  /** Hex SHA-256 of the entry before (RFC 6962 leaf hash); 64 zeros before the first. */
  prev: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** An entry that has no place in the log yet. */
export type Draft = Omit<AuditEntry, "seq" | "at" | "prev">;

export const FIRST_PREV = "0".repeat(64);

/** The text that is hashed: keys in this order, whatever order a draft had. What is too long loses its detail. */
export function entryText(draft: Draft, seq: number, atMs: number, prev: string): string {
  const text = written(draft, seq, atMs, prev);
  return text.length <= LIMITS.auditEntryCharsMax
    ? text
    : written({ ...draft, detail: { cut: true } }, seq, atMs, prev);
}

function written(draft: Draft, seq: number, atMs: number, prev: string): string {
  const { phase, action, actor: who, resource, request, of, status, code, detail: more } = draft;
  const entry: AuditEntry = {
    seq,
    at: new Date(atMs).toISOString(),
    phase,
    action,
    actor: { id: who.id, credential: who.credential },
    resource: { type: resource.type, id: resource.id },
    request,
    of,
    status,
    code,
    detail: more,
    prev,
  };
  return JSON.stringify(entry);
}

/** Which entries a page shows; all of what is given has to fit. */
export type AuditFilter = {
  action?: string;
  phase?: (typeof PHASES)[number];
  actor?: string;
  resource?: string;
  fromMs?: number;
  toMs?: number;
};

/** An entry from its text, or null for what is none (any more). */
export function entryFrom(text: string): AuditEntry | null {
  try {
    const parsed = auditEntry.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Whether a page with this filter shows an entry. One that cannot be read is shown where nothing is asked for. */
export function fits(entry: AuditEntry | null, filter: AuditFilter): boolean {
  const { action, phase, actor: who, resource, fromMs, toMs } = filter;
  if (entry === null) return Object.values(filter).every((wanted) => wanted === undefined);
  const atMs = Date.parse(entry.at);
  return (
    (action === undefined || entry.action === action) &&
    (phase === undefined || entry.phase === phase) &&
    (who === undefined || entry.actor.id === who || entry.actor.credential === who) &&
    (resource === undefined || entry.resource.id === resource) &&
    (fromMs === undefined || atMs >= fromMs) &&
    (toMs === undefined || atMs < toMs)
  );
}

/** Every log is kept for so long; a plan may only lengthen it (domain/limits/plans.ts). */
export const AUDIT_DAYS_MIN = 90;
export const DAY_MS = 24 * 3_600_000;
