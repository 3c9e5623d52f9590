import { z } from "zod";
import type { Principal } from "#domain/accounts/model.ts";
import type { Services } from "#adapters/index.ts";
import { mayGive } from "#domain/people/members.ts";
import {
  eraseInput,
  type ErasureRecord,
  newErasureId,
  UNITS_OF_ERASED,
} from "#domain/protection/erasure.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { forget } from "#workers/http/guard/auth.ts";
import {
  fails,
  feature,
  idParam,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";

const DAY_MS = 24 * 3_600_000;

const certificate = z.object({
  id: z.string(),
  accountId: z.string(),
  subject: z.string(),
  askedBy: z.string(),
  units: z.enum(UNITS_OF_ERASED),
  startedAt: z.string(),
  finishedAt: z.string(),
  stores: z.array(
    z.object({ store: z.string(), removed: z.int(), left: z.int(), note: z.string() }),
  ),
  remains: z.array(z.string()),
  signature: z.object({
    algorithm: z.literal("Ed25519"),
    publicKey: z.string(),
    value: z.string(),
  }),
});

const erasureView = z.object({
  id: z.string(),
  /** `running` goes on whenever the erasure is asked for again. */
  status: z.enum(["running", "done"]),
  /** What the audit log calls who was erased. */
  subject: z.string(),
  units: z.enum(UNITS_OF_ERASED),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  certificate: certificate.nullable(),
});

const viewOf = (erasure: ErasureRecord): z.infer<typeof erasureView> => ({
  id: erasure.id,
  status: erasure.finishedAtMs === null ? "running" : "done",
  subject: erasure.pseudonym,
  units: erasure.units,
  startedAt: new Date(erasure.startedAtMs).toISOString(),
  finishedAt: erasure.finishedAtMs === null ? null : new Date(erasure.finishedAtMs).toISOString(),
  certificate: erasure.certificate,
});

const erase = route(
  {
    method: "post",
    path: "/v1/members/{id}/erase",
    summary: "Erase a member: everything that is theirs, in every store, for good",
    description:
      'Ends their sessions and keys, destroys the key of their personal fields, and, with `units: "erase"`, removes the units they began from storage, search, vectors and caches. A person who is in no other account is erased altogether. Ends with a signed certificate; ask again while it is `running`.',
    access: "member.erase",
    request: { params: idParam, body: json(eraseInput) },
    responses: {
      200: { description: "How far it is", ...json(erasureView) },
      ...fails("forbidden", "not-found", "conflict", "too-many-requests"),
    },
    idempotency: "ignored", // erasing again goes on with the same erasure, and its answer changes as it does
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id: memberId } = c.req.valid("param");
    const { erasure: port } = services;
    const { accountId } = principal;
    const begun =
      (await port.erasureOf(accountId, memberId)) ??
      (await begin(services, principal, memberId, c.req.valid("json"), c.var.nowMs));
    forget(c.env, (known) => known.principalId === memberId);
    const erasure = await port.work(begun);
    c.set("noted", { erasure: erasure.id, units: erasure.units, subject: erasure.pseudonym });
    return c.json(viewOf(erasure));
  },
);

async function begin(
  { erasure: port, audit, people }: Services,
  asker: Principal,
  memberId: string,
  { units }: z.infer<typeof eraseInput>,
  nowMs: number,
): Promise<ErasureRecord> {
  const { accountId } = asker;
  const member = await people.member(accountId, memberId);
  if (member !== null) unwrap(mayGive(asker, member.role));
  if ((await port.erasuresSince(accountId, nowMs - DAY_MS)) >= LIMITS.erasuresPerDayMax)
    refuse({ code: "too-many-requests", retryAfterS: 3_600 });
  const id = newErasureId(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  const done = await port.begin({
    id,
    accountId,
    principalId: memberId,
    pseudonym: await audit.nameOf(memberId, accountId),
    askedBy: (await audit.actor(asker)).id,
    units,
    startedAtMs: nowMs,
  });
  if (done === "last-owner")
    refuse({ code: "conflict", detail: "an account keeps at least one owner" });
  return (await port.erasure(accountId, id)) ?? refuse({ code: "not-found" });
}

const list = route(
  {
    method: "get",
    path: "/v1/erasures",
    summary: "List your account's erasures, newest first",
    access: "erasure.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of erasures", ...json(pageOf(erasureView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const before = cursor === undefined ? null : unwrap(cursorFrom(cursor)).id;
    const found = await services.erasure.erasures(principal.accountId, before, limit + 1);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return c.json({
      items: page.map(viewOf),
      nextCursor: last === undefined ? null : cursorText({ atMs: last.startedAtMs, id: last.id }),
    });
  },
);

const read = route(
  {
    method: "get",
    path: "/v1/erasures/{id}",
    summary: "Read an erasure with its certificate",
    description:
      "The signature is Ed25519 over `wishub/erasure`, a newline, and the certificate without its signature in the form of RFC 8785. `GET /v1/audit/checkpoints` tells the installation's key.",
    access: "erasure.read",
    request: { params: idParam },
    responses: { 200: { description: "The erasure", ...json(erasureView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const found = await services.erasure.erasure(principal.accountId, c.req.valid("param").id);
    if (found === null) return refuse({ code: "not-found" });
    return tagged(c, viewOf(found), `${found.id}-${found.finishedAtMs ?? 0}`);
  },
);

export const erasures = feature(erase, list, read);
