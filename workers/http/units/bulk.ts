import { z } from "zod";
import { sha256Hex } from "#domain/shared/hash.ts";
import { gathered, linesOf } from "#domain/shared/lines.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { attributesOfInput } from "#domain/units/attributes.ts";
import { type ImportedLine, importLines } from "#domain/units/import.ts";
import type { UnitInput } from "#domain/units/model.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { type Call, feature, integerQuery, route } from "#workers/http/kit.ts";
import { permitted } from "#workers/http/guard/policing.ts";
import { problemDocument } from "#workers/http/problem.ts";

const NDJSON = "application/x-ndjson";
/** Answers a client has not read yet; beyond it the import waits for the reader. */
const UNREAD_BYTES_MAX = 4_194_304;
const UNITS_PER_PAGE = 100;
/** Lines that arrive within this time of each other are written together. */
const GATHER_MS = 2;
const LINES_GATHERED = 100;

const importQuery = z.strictObject({ fromLine: integerQuery(1, 100_000_000).optional() });

const importUnits = route(
  {
    method: "post",
    path: "/v1/units/import",
    priority: "background",
    summary: "Publish many units, one JSON document a line",
    description:
      "Streams `{ line, id, cid, status }` or `{ line, error }` for each line, in order. With an `Idempotency-Key` an import can be sent again: what was published stays one. `fromLine` is the number of the first line sent, for a client that resumes.",
    access: "unit.publish",
    idempotency: "own",
    request: { query: importQuery, body: { content: { [NDJSON]: {} }, bytesMax: null } },
    responses: { 200: { description: "One line for each line", content: { [NDJSON]: {} } } },
  },
  async (c) => {
    const { services, principal, operationId, requestId } = c.var;
    const key = c.req.header("Idempotency-Key");
    const seed = key === undefined ? operationId : await sha256Hex(`import\n${key}`);
    const permission = c.get("permission");
    const refusal = (input: UnitInput) =>
      permission?.("", attributesOfInput(input, principal.principalId)) ?? null;
    const job = { seed, fromLine: c.req.valid("query").fromLine ?? 1, refusal };
    const body = c.req.raw.body ?? new Blob([]).stream();
    const lines = gathered(linesOf(body, LIMITS.importLineBytesMax), LINES_GATHERED, () =>
      scheduler.wait(GATHER_MS),
    );
    const publicUrl = c.env.WISHUB_PUBLIC_URL;
    return streamed(async () => {
      const next = await lines.next();
      if (next.done) return null;
      const imported = await importLines(services, principal, job, next.value, Date.now());
      return imported.map((line) => lineView(line, requestId, publicUrl));
    });
  },
  { policed: "items" },
);

function lineView(imported: ImportedLine, requestId: string, publicUrl: string): object {
  if ("problem" in imported) {
    return { line: imported.line, error: problemDocument(imported.problem, requestId, publicUrl) };
  }
  const { id } = imported.unit.head;
  const { cid, status } = imported.unit.version;
  return { line: imported.line, id, cid, status };
}

const exportUnits = route(
  {
    method: "get",
    path: "/v1/units/export",
    priority: "background",
    summary: "Get all your account's units back, one JSON document a line",
    description:
      "Newest first, in the form that the import takes; retracted and rejected units are left out. Of a unit whose newest version is rejected you get the one that a search serves.",
    access: "unit.read",
    responses: { 200: { description: "One unit a line", content: { [NDJSON]: {} } } },
  },
  (c) => {
    let cursor: Cursor | null = null;
    let done = false;
    return streamed(async () => {
      if (done) return null;
      const page = await pageAfter(c, cursor);
      const last = page.at(-1)?.head;
      if (page.length < UNITS_PER_PAGE || last === undefined) done = true;
      else cursor = { atMs: last.createdAtMs, id: last.id };
      return permitted(c, await lastGood(c, page)).map(exported);
    });
  },
  { policed: "items" },
);

type Reading = Call<{ access: "unit.read" }>;

async function pageAfter(c: Reading, cursor: Cursor | null): Promise<StoredUnit[]> {
  return await c.var.services.units.list(c.var.principal.accountId, {}, cursor, UNITS_PER_PAGE);
}

/** What is worth keeping of each unit: its newest version, or the one still served where that was rejected. */
async function lastGood(c: Reading, page: StoredUnit[]): Promise<StoredUnit[]> {
  const served = page.flatMap(({ head, version }) =>
    version.status === "rejected" && head.servedVersion !== null
      ? [{ unitId: head.id, version: head.servedVersion }]
      : [],
  );
  const found = served.length === 0 ? [] : await c.var.services.units.many(served);
  const byId = new Map(found.map((stored) => [stored.head.id, stored]));
  return page
    .map((stored) => byId.get(stored.head.id) ?? stored)
    .filter(({ version: { status } }) => status !== "retracted" && status !== "rejected");
}

const exported = ({ version }: StoredUnit): object => ({
  ...version.content,
  visibility: version.visibility,
});

/** A response of lines that are made as they are read; `next` answers null after the last ones. */
function streamed(next: () => Promise<object[] | null>): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let items = await next();
        // A pull that adds nothing is not repeated by the stream, so it is repeated here.
        while (items?.length === 0) items = await next();
        if (items === null) return controller.close();
        controller.enqueue(
          encoder.encode(items.map((item) => `${JSON.stringify(item)}\n`).join("")),
        );
      },
    },
    { highWaterMark: UNREAD_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(stream, { headers: { "Content-Type": NDJSON, "Cache-Control": "no-store" } });
}

export const unitsInBulk = feature(importUnits, exportUnits);
