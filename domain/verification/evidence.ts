import type { Evidence, Level, Reason, Verdict } from "#domain/verification/model.ts";

/** A unit full of findings is told about the first ones; the rest are one line with their number. */
const REASONS_MAX = 20;

/** One thing a rule found. A note does not reject the unit. */
export type Finding = Reason & { verdict: "fail" | "note" };

/** The evidence of one rule over all it found: failed if any finding fails, a note if any is one, else passed. */
export function evidenceOf(
  method: string,
  version: string,
  level: Level,
  findings: readonly Finding[],
  atMs: number,
): Evidence {
  const verdict = findings.some((finding) => finding.verdict === "fail")
    ? "fail"
    : findings.length > 0
      ? "note"
      : "pass";
  // What decided comes first, so that the bound never hides it.
  const ordered = [
    ...findings.filter((f) => f.verdict === "fail"),
    ...findings.filter((f) => f.verdict === "note"),
  ];
  const reasons: Reason[] = ordered
    .slice(0, REASONS_MAX)
    .map(({ code, detail, pointer }) =>
      pointer === undefined ? { code, detail } : { code, detail, pointer },
    );
  if (ordered.length > REASONS_MAX)
    reasons.push({ code: "more-findings", detail: `${ordered.length - REASONS_MAX} more` });
  return { method, version, level, verdict, reasons, atMs };
}

const l2 = (method: string, verdict: Verdict, reasons: Reason[], atMs: number): Evidence => ({
  method,
  version: "1",
  level: "L2",
  verdict,
  reasons,
  atMs,
});

/** The recomputed content id is the one the unit was stored under. */
export function contentHashEvidence(
  check: { expected: string; computed: string },
  atMs: number,
): Evidence {
  const same = check.expected === check.computed;
  return l2(
    "content-hash",
    same ? "pass" : "fail",
    [
      same
        ? { code: "content-hash-matches", detail: "The content id was recomputed" }
        : {
            code: "content-hash-differs",
            detail: "The stored content does not give the stored content id",
          },
    ],
    atMs,
  );
}

/** `duplicateOf` is the first unit in the collection with this content, when there is one. */
export function exactDuplicateEvidence(duplicateOf: string | undefined, atMs: number): Evidence {
  if (duplicateOf === undefined) return l2("exact-duplicate", "pass", [], atMs);
  return l2(
    "exact-duplicate",
    "fail",
    [
      {
        code: "exact-duplicate",
        detail: `The same content is already published as ${duplicateOf}`,
      },
    ],
    atMs,
  );
}

/** A near duplicate is evidence and a link, never a rejection. Similarity is called similarity. */
export function nearDuplicateEvidence(
  similar: readonly { unitId: string; cosine: number; overlap: number }[],
  atMs: number,
): Evidence {
  const reasons = similar.slice(0, REASONS_MAX).map(({ unitId, cosine, overlap }) => ({
    code: "near-duplicate",
    detail: `Similar to ${unitId}: cosine ${cosine.toFixed(3)}, word overlap ${overlap.toFixed(3)}`,
  }));
  return l2("near-duplicate", reasons.length > 0 ? "note" : "pass", reasons, atMs);
}

/** Who published it and when, as recorded from the credential. The unit's own sources count from L4. */
export function provenanceEvidence(record: {
  accountId: string;
  principalId: string;
  atMs: number;
}): Evidence {
  const known =
    record.accountId !== "" &&
    record.principalId !== "" &&
    Number.isSafeInteger(record.atMs) &&
    record.atMs > 0;
  const reason = known
    ? {
        code: "provenance-recorded",
        detail: `Account ${record.accountId}, principal ${record.principalId}, ${new Date(record.atMs).toISOString()}`,
      }
    : {
        code: "provenance-missing",
        detail: "The account, principal or time of publication is not recorded",
      };
  return l2("provenance", known ? "pass" : "fail", [reason], record.atMs);
}
