import type { audits } from "#adapters/audit.ts";
import type { keyRing, Sealed } from "#adapters/key-ring.ts";
import { memberStore } from "#db/catalog/members.ts";
import { peopleStore } from "#db/catalog/people.ts";
import {
  camel,
  type ExportedRows,
  exportedPage,
  OF_ACCOUNT,
  OF_PERSON,
  OF_PRINCIPAL,
} from "#db/catalog/exported.ts";
import { exportedUnits } from "#db/units/exported.ts";
import type { UnitsDb } from "#db/units/shards.ts";
import { entryFrom } from "#domain/audit/model.ts";
import type { KeyScope } from "#domain/protection/envelope.ts";
import type { Source } from "#domain/protection/export.ts";
import type { Cursor } from "#domain/shared/cursor.ts";

const MEMBERS_PER_PAGE = 90;
const ENTRIES_PER_PAGE = 500;

type Parts = {
  ring: ReturnType<typeof keyRing>;
  audit: Pick<ReturnType<typeof audits>, "range" | "nameOf">;
  shards: readonly UnitsDb[];
  tasks(accountId: string): Source;
};

/** Where rows of the catalog come from, with what is sealed in them opened. */
function catalogSources(catalog: D1Database, ring: Parts["ring"]) {
  const people = memberStore(catalog);

  const rows = (spec: ExportedRows, scope: KeyScope, id: string, name = spec.name): Source => ({
    name,
    page: async (page) => await opened(await exportedPage(catalog, spec, id, page), spec, scope),
  });

  async function opened(found: Record<string, unknown>[], spec: ExportedRows, scope: KeyScope) {
    const fields = Object.entries(spec.sealed ?? {});
    const wanted: Sealed[] = found.flatMap((row) =>
      fields.map(([column, field]) => ({ scope, field, sealed: String(row[camel(column)]) })),
    );
    const texts = wanted.length === 0 ? [] : await ring.openMany(wanted);
    return found.map((row, i) => ({
      ...row,
      ...Object.fromEntries(
        fields.map(([column], j) => [camel(column), texts[i * fields.length + j] ?? null]),
      ),
    }));
  }

  /** An account's members, with the names and addresses that their own keys open. */
  function members(accountId: string): Source {
    let after: Cursor | null = null;
    return {
      name: "members",
      async page() {
        const found = await people.members(accountId, after, MEMBERS_PER_PAGE);
        const last = found.at(-1);
        if (last !== undefined) after = { atMs: last.createdAtMs, id: last.id };
        const texts = await ring.openMany(
          found.flatMap(({ person }) =>
            (["name", "email"] as const).map((field) => ({
              scope: { person: person?.id ?? "" },
              field,
              sealed: person?.[field] ?? "",
            })),
          ),
        );
        return found.map(({ person, name, ...member }, i) => ({
          ...member,
          personId: person?.id ?? null,
          name: person === null ? name : texts[2 * i],
          email: texts[2 * i + 1] ?? null,
        }));
      },
    };
  }

  return { rows, members };
}

/** Units, and the audit log. */
function otherSources({ audit, shards }: Pick<Parts, "audit" | "shards">) {
  const units = (accountId: string, name = "units", principalId?: string): Source => ({
    name,
    page: exportedUnits(shards, accountId, principalId),
  });

  /** The log, or what one principal did by it. */
  function log(accountId: string, name = "audit", actor?: string): Source {
    let after = 0;
    return {
      name,
      async page() {
        for (;;) {
          const found = await audit.range(accountId, after, ENTRIES_PER_PAGE);
          if (found.length === 0) return [];
          after = found.at(-1)?.seq ?? after;
          const shown = found
            .flatMap(({ text }) => entryFrom(text) ?? [])
            .filter((entry) => actor === undefined || entry.actor.id === actor);
          if (shown.length > 0) return shown;
        }
      },
    };
  }

  return { units, log };
}

/** What an account, or a person, is given of everything that is kept of them. */
export function exporting({ CATALOG_0: catalog }: Pick<Env, "CATALOG_0">, parts: Parts) {
  const { ring, audit } = parts;
  const { rows, members } = catalogSources(catalog, ring);
  const { units, log } = otherSources(parts);
  const people = peopleStore(catalog);
  return {
    ofAccount(accountId: string): Source[] {
      const scope = { account: accountId };
      return [
        ...OF_ACCOUNT.map((spec) => rows(spec, scope, accountId)),
        members(accountId),
        units(accountId),
        parts.tasks(accountId),
        log(accountId),
      ];
    },

    /** Null for a person there is not, or is not any more. */
    async ofPerson(personId: string): Promise<Source[] | null> {
      const found = await people.person(personId);
      if (found === null || found.status === "erased") return null;
      const scope = { person: personId };
      const [email, name] = await ring.openMany([
        { scope, field: "email", sealed: found.email },
        { scope, field: "name", sealed: found.name },
      ]);
      const { id, status, createdAtMs, passkeys } = found;
      const person = {
        id,
        status,
        email,
        name,
        hasTotp: found.totp !== null,
        passkeys,
        createdAtMs,
      };
      const memberships = await people.memberships(personId);
      const once = (of: object[]) => (page: number) => Promise.resolve(page === 0 ? of : []);
      const sources: Source[] = [
        { name: "person", page: once([person]) },
        { name: "memberships", page: once(memberships) },
        ...OF_PERSON.map((spec) => rows(spec, "installation", personId)),
      ];
      for (const { accountId, principalId } of memberships) {
        for (const spec of OF_PRINCIPAL)
          sources.push(
            rows(spec, { account: accountId }, principalId, `${accountId}/${spec.name}`),
          );
        sources.push(units(accountId, `${accountId}/units`, principalId));
        const actor = await audit.nameOf(principalId, accountId);
        sources.push(log(accountId, `${accountId}/audit`, actor));
      }
      return sources;
    },
  };
}
