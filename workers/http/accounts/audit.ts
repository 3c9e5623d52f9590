import { z } from "zod";
import { auditEntry, type AuditFilter, entryFrom, PHASES } from "#domain/audit/model.ts";
import { verifierKey } from "#domain/audit/note.ts";
import { leafHash } from "#domain/audit/tree.ts";
import { base64Of, hexOf } from "#domain/shared/bytes.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import {
  fails,
  feature,
  integerQuery,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";

const EXPORT_ROWS = 500;
const PRINCIPAL = /^p[0-9a-z]_[0-9a-v]{16}$/;

const instant = z.iso.datetime({ offset: true });
const auditQuery = pageQuery.extend({
  action: text(60).optional(),
  phase: z.enum(PHASES).optional(),
  /** A principal, a pseudonym, or a credential. */
  actor: text(LIMITS.idCharsMax).optional(),
  resource: text(LIMITS.idCharsMax).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

const list = route(
  {
    method: "get",
    path: "/v1/audit",
    summary: "Read your account's audit log, newest first",
    description:
      "Sensitive operations with their outcome, and whatever was refused. People are named by pseudonym; `actor` also takes a principal's id, or a credential's. A page may be short before the end: go on while there is a cursor.",
    access: "audit.read",
    request: { query: auditQuery },
    responses: { 200: { description: "A page of entries", ...json(pageOf(auditEntry)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const {
      limit = PAGE_DEFAULT,
      cursor,
      actor,
      from,
      to,
      action,
      phase,
      resource,
    } = c.req.valid("query");
    const before = cursor === undefined ? null : Number(unwrap(cursorFrom(cursor)).id);
    const { accountId } = principal;
    const filter: AuditFilter = {
      ...(action !== undefined && { action }),
      ...(phase !== undefined && { phase }),
      ...(actor !== undefined && {
        actor: PRINCIPAL.test(actor) ? await services.audit.knownNameOf(actor, accountId) : actor,
      }),
      ...(resource !== undefined && { resource }),
      ...(from !== undefined && { fromMs: Date.parse(from) }),
      ...(to !== undefined && { toMs: Date.parse(to) }),
    };
    const page = await services.audit.page(
      accountId,
      filter,
      Number.isSafeInteger(before) ? before : null,
      limit,
    );
    const { nextBefore } = page;
    return c.json({
      items: page.items.flatMap((one) => entryFrom(one) ?? []),
      nextCursor: nextBefore === null ? null : cursorText({ atMs: 0, id: String(nextBefore) }),
    });
  },
);

const headView = z.object({ size: z.int(), root: z.string() });
const verifiedView = z.object({
  valid: z.boolean(),
  /** How many were read; older ones went when their time was over. */
  entries: z.int(),
  /** The tree of all entries there ever were: their number and root (hex). */
  head: headView,
  wrong: z
    .object({
      seq: z.int(),
      reason: z.enum(["changed", "missing", "reordered", "truncated", "unsigned"]),
    })
    .nullable(),
});

const verify = route(
  {
    method: "get",
    path: "/v1/audit/verify",
    summary: "Verify your account's audit log",
    description:
      "Hashes every entry anew and compares with the links between entries and with every signed head. Tells the first entry that was changed, removed or moved.",
    access: "audit.read",
    responses: { 200: { description: "What was found", ...json(verifiedView) } },
  },
  async (c) => c.json(await c.var.services.audit.verify(c.var.principal.accountId)),
);

const download = route(
  {
    method: "get",
    path: "/v1/audit/export",
    summary: "Export your account's audit log as NDJSON, oldest first",
    description:
      "Each line is an entry exactly as it is hashed: SHA-256 of a zero byte and the line's bytes is a leaf of the tree (RFC 6962).",
    access: "audit.export",
    responses: {
      200: { description: "Entries", content: { "application/x-ndjson": { schema: z.string() } } },
    },
  },
  (c) => {
    const { services, principal } = c.var;
    let after = 0;
    const lines = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const rows = await services.audit.range(principal.accountId, after, EXPORT_ROWS);
        after = rows.at(-1)?.seq ?? after;
        const page = rows.map((row) => `${row.text}\n`).join("");
        if (rows.length > 0) controller.enqueue(new TextEncoder().encode(page));
        else controller.close();
      },
    });
    return new Response(lines, { headers: { "Content-Type": "application/x-ndjson" } });
  },
);

const checkpointView = z.object({
  size: z.int(),
  root: z.string(),
  at: z.string(),
  /** The signed note (c2sp.org/tlog-checkpoint). */
  note: z.string(),
});

const checkpoints = route(
  {
    method: "get",
    path: "/v1/audit/checkpoints",
    summary: "List the newest published heads of your account's audit log",
    description:
      "Keep one: a log that was rewritten, or cut off behind it, does not lead to it any more. `publicKey` is the installation's Ed25519 key, `verifierKey` the same for tools that read signed notes.",
    access: "audit.read",
    responses: {
      200: {
        description: "Heads, the longest first",
        ...json(
          z.object({
            items: z.array(checkpointView),
            publicKey: z.string(),
            verifierKey: z.string(),
          }),
        ),
      },
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const [found, publicKey] = await Promise.all([
      services.audit.published(principal.accountId),
      services.audit.publicKey(),
    ]);
    const items = found.map(({ note, checkpoint: { size, root, atMs } }) => ({
      size,
      root: hexOf(root),
      at: new Date(atMs).toISOString(),
      note,
    }));
    return c.json({ items, publicKey: base64Of(publicKey), verifierKey: verifierKey(publicKey) });
  },
);

const consistency = route(
  {
    method: "get",
    path: "/v1/audit/consistency",
    summary: "Prove that one head of your audit log continues another",
    description: "A consistency proof (RFC 6962, section 2.1.2) from `from` entries to `to`.",
    access: "audit.read",
    request: {
      query: z.strictObject({
        from: integerQuery(0, 999_999_999),
        to: integerQuery(0, 999_999_999),
      }),
    },
    responses: {
      200: { description: "The proof", ...json(z.object({ proof: z.array(z.string()) })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { from, to } = c.req.valid("query");
    const proof = await services.audit.consistency(principal.accountId, from, to);
    return c.json({ proof: (proof ?? refuse({ code: "not-found" })).map(hexOf) });
  },
);

const seqParam = z.object({ seq: z.string().regex(/^[1-9]\d{0,11}$/) });
const provenView = z.object({
  entry: auditEntry,
  /** The entry exactly as it is hashed. */
  text: z.string(),
  leaf: z.string(),
  /** From the leaf to the root, hex. */
  proof: z.array(z.string()),
  head: headView,
  note: z.string(),
});

const read = route(
  {
    method: "get",
    path: "/v1/audit/{seq}",
    summary: "Read an entry of your audit log with its proof",
    description: "An inclusion proof (RFC 6962, section 2.1.1) to the newest signed head.",
    access: "audit.read",
    request: { params: seqParam },
    responses: { 200: { description: "The entry", ...json(provenView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const seq = Number(c.req.valid("param").seq);
    const found = await services.audit.proof(principal.accountId, seq);
    const entry = found && entryFrom(found.text);
    if (found === null || entry === null) return refuse({ code: "not-found" });
    const { head, note, proof } = found;
    const answer = {
      entry,
      text: found.text,
      leaf: hexOf(leafHash(new TextEncoder().encode(found.text))),
      proof: proof.map(hexOf),
      head: { size: head.size, root: hexOf(head.root) },
      note,
    };
    return tagged(c, answer, `${seq}-${head.size}`);
  },
);

const rewrap = route(
  {
    method: "post",
    path: "/v1/data-keys/rewrap",
    summary: "Wrap data keys anew after a rotation of the key ring",
    description:
      "A page of them. For the owner of the first account, until `left` is 0; `lost` are those that no key of the ring opens.",
    access: "data-key.rewrap",
    responses: {
      200: {
        description: "What was done",
        ...json(z.object({ rewrapped: z.int(), left: z.int(), lost: z.int() })),
      },
      ...fails("forbidden"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    if ((await services.accounts.firstAccountId()) !== principal.accountId)
      refuse({ code: "forbidden", detail: "the first account does this" });
    return c.json(await services.keyRing.rewrap());
  },
);

export const auditing = feature(list, verify, download, checkpoints, consistency, read, rewrap);
