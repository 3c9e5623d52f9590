import { type ExportOf, exportFiles, type Source } from "#domain/protection/export.ts";
import { tarOf } from "#domain/protection/tar.ts";
import { z } from "zod";
import { noted } from "#workers/http/guard/noted.ts";
import { fails, feature, refuse, route } from "#workers/http/kit.ts";

const TAR_GZ = "application/gzip";
const archive = { content: { [TAR_GZ]: { schema: z.string() } } };

const ofAccount = route(
  {
    method: "get",
    path: "/v1/account/export",
    summary: "Export everything that is kept of your account, as one archive",
    description:
      "A .tar.gz of NDJSON files with a manifest of their hashes: members, keys without their secrets, policies, units with all versions and evidence, the audit log, and the rest. For owners.",
    access: "account.export",
    responses: { 200: { description: "The archive", ...archive } },
  },
  (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId: id } = principal;
    return archived({ kind: "account", id }, services.exports.ofAccount(id), nowMs);
  },
);

const ofPerson = route(
  {
    method: "get",
    path: "/v1/people/me/export",
    summary: "Export everything that is kept of you, as one archive",
    description:
      "In all your accounts: who you are, how you sign in, your sessions and keys, what you wrote, and what the audit logs say of you. For a session that a person signed in to, with a fresh second factor; noted in the log of each account.",
    access: "person.export",
    responses: { 200: { description: "The archive", ...archive }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { personId: id } = principal;
    const sources = id === undefined ? null : await services.exports.ofPerson(id);
    if (id === undefined || sources === null) return refuse({ code: "not-found" });
    // The pipeline records it in the account of the session; the others are exported from just as much.
    for (const membership of await services.people.memberships(id))
      if (membership.accountId !== principal.accountId)
        await noted(c, { ...membership, personId: id }, "person.export", { type: "person" });
    return archived({ kind: "person", id }, sources, nowMs);
  },
);

function archived(of: ExportOf, sources: Source[], nowMs: number): Response {
  const blocks = tarOf(exportFiles(of, sources, nowMs), nowMs);
  const tar = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await blocks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const body = tar.pipeThrough(new CompressionStream("gzip"));
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return new Response(body, {
    headers: {
      "Content-Type": TAR_GZ,
      "Content-Disposition": `attachment; filename="wishub-${of.kind}-${day}.tar.gz"`,
    },
  });
}

export const archives = feature(ofAccount, ofPerson);
