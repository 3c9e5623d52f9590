import { KeyIcon, RobotIcon, UsersThreeIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { RELATIONS } from "#web/screens/unit/linked.ts";
import { unitWords } from "#web/screens/unit/messages.ts";
import { LevelBadge, StatusBadge } from "#web/ui/badges.tsx";
import { Card, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type UnitUses = Operations["GET /v1/units/{id}/uses"]["answer"];
type User = UnitUses["users"][number];

/** So many are shown until somebody asks for all of them. */
const SHOWN = 8;
/** Who, how often, when: under one another on a phone. */
const ROW =
  "grid grid-cols-[auto_minmax(0,1fr)_auto_7rem] items-center gap-x-3 gap-y-1 px-4 py-2.5 max-sm:grid-cols-[auto_minmax(0,1fr)_auto]";

/** Who used a unit, and what builds on it. No event tells of a read, so opening the screen reads it anew. */
export function Uses({ id }: { id: string }) {
  const t = useMessages(unitWords);
  const query = useQuery({
    queryKey: ["unit", id, "uses"],
    queryFn: () => api.operation("GET /v1/units/{id}/uses", { path: { id } }),
    staleTime: 0,
  });
  return (
    <>
      <Section title={t("users")} end={<span className="text-kumo-subtle">{t("usersOf")}</span>}>
        <Read query={query} action="unit.read">
          {(uses) => <Users uses={uses} />}
        </Read>
      </Section>
      {query.data !== undefined && (
        <Section title={t("builtOn")}>
          <BuiltOn uses={query.data} />
        </Section>
      )}
    </>
  );
}

function Users({ uses: { users, others, partial } }: { uses: UnitUses }) {
  const t = useMessages(unitWords);
  const [isWhole, setWhole] = useState(false);
  if (users.length === 0 && others.accounts === 0 && !partial)
    return <p className="text-kumo-subtle">{t("noUsers")}</p>;
  const shown = isWhole ? users : users.slice(0, SHOWN);
  return (
    <>
      {(users.length > 0 || others.accounts > 0) && (
        <Card>
          <ul aria-label={t("users")} className="unit-users divide-y divide-kumo-line">
            {shown.map((user) => (
              <UserRow key={user.principalId} user={user} />
            ))}
            {others.accounts > 0 && (
              <li className={ROW}>
                <UsersThreeIcon size={18} className="flex-none text-kumo-subtle" aria-hidden />
                <span>{t("otherAccounts", { accounts: others.accounts })}</span>
                <Reads count={others.reads} />
              </li>
            )}
          </ul>
        </Card>
      )}
      {shown.length < users.length && (
        <button type="button" className="link mt-2" onClick={() => setWhole(true)}>
          {t("allUsers", { count: users.length })}
        </button>
      )}
      {partial && <p className="mt-2 text-kumo-subtle">{t("usersPartial")}</p>}
    </>
  );
}

function UserRow({ user: { principalId, agentId, name, reads, lastAt } }: { user: User }) {
  const Icon = agentId === null ? KeyIcon : RobotIcon;
  const said = `wrap-break-word ${name === null ? "font-mono text-xs" : ""}`;
  return (
    <li className={ROW}>
      <Icon size={18} className="flex-none text-kumo-subtle" aria-hidden />
      <span>
        {agentId === null ? (
          <span className={said} dir="auto">
            {name ?? principalId}
          </span>
        ) : (
          <Link to="/agent/$id" params={{ id: agentId }} className={`link ${said}`} dir="auto">
            {name ?? principalId}
          </Link>
        )}
      </span>
      <Reads count={reads} />
      <Ago at={lastAt} className="text-xs max-sm:col-start-2 sm:text-end" />
    </li>
  );
}

function Reads({ count }: { count: number }) {
  const t = useMessages(unitWords);
  return <span className="text-kumo-subtle tabular-nums">{t("timesRead", { count })}</span>;
}

function BuiltOn({ uses: { builtOn, more } }: { uses: UnitUses }) {
  const t = useMessages(unitWords);
  if (builtOn.length === 0) return <p className="text-kumo-subtle">{t("noBuiltOn")}</p>;
  return (
    <>
      <ul aria-label={t("builtOn")} className="unit-built-on grid gap-1.5">
        {builtOn.map(({ unitId, title, rels, level, status }) => (
          <li key={unitId} className="flex flex-wrap items-baseline gap-x-2">
            <Link to="/unit/$id" params={{ id: unitId }} className="link min-w-0" dir="auto">
              {title}
            </Link>
            <LevelBadge level={level} />
            {status !== "searchable" && <StatusBadge status={status} />}
            <span className="text-kumo-subtle">
              {rels.map((rel) => t(RELATIONS[rel])).join(", ")}
            </span>
          </li>
        ))}
      </ul>
      {more && (
        <p className="mt-2 text-kumo-subtle">{t("moreBuiltOn", { count: builtOn.length })}</p>
      )}
    </>
  );
}
