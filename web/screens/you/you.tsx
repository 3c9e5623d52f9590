import { useQuery } from "@tanstack/react-query";
import type { Session } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { type Say, useMessages } from "#web/app/language.ts";
import { youWords } from "#web/screens/you/messages.ts";
import { Card, Page } from "#web/ui/page.tsx";
import { roles } from "#web/ui/role-messages.ts";
import { Read } from "#web/ui/states.tsx";

type Person = Operations["GET /v1/people/me"]["answer"];
type Who = { session: Session; account: string; person: Person | null };

/** Who one is here, and in which account. */
export function You() {
  const t = useMessages(youWords);
  const say = useMessages(roles);
  const who = useQuery({
    queryKey: ["person", "who"],
    queryFn: readWho,
    staleTime: 0,
    meta: { live: ["member"] },
  });
  return (
    <Page title={t("title")}>
      <Read query={who} action="session.read">
        {(read) => (
          <Card className="max-w-xl px-6 py-5">
            <dl className="you grid grid-cols-[auto_minmax(0,1fr)] gap-x-8 gap-y-3">
              {rowsOf(t, say, read).map(([name, value]) => (
                <div key={name} className="contents">
                  <dt className="text-kumo-subtle">{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </Card>
        )}
      </Read>
    </Page>
  );
}

async function readWho(): Promise<Who> {
  const session = await api.operation("GET /v1/sessions/current");
  const [person, accounts] = await Promise.all([
    session.personId === null ? null : api.operation("GET /v1/people/me"),
    api.operation("GET /v1/accounts"),
  ]);
  const account = accounts.items.find(({ current }) => current)?.name ?? session.accountId;
  return { session, account, person };
}

function rowsOf(
  t: Say<typeof youWords>,
  say: Say<typeof roles>,
  { session, account, person }: Who,
): [string, string][] {
  const here: [string, string][] = [
    [t("account"), account],
    [t("role"), say(`role${session.role}`)],
  ];
  if (person === null) return [[t("signedInBy"), t("apiKey")], ...here];
  return [
    [t("name"), person.name],
    [t("email"), person.email],
    ...here,
    [t("secondFactor"), factorText(t, person)],
  ];
}

function factorText(t: Say<typeof youWords>, { factors }: Person): string {
  const parts = [
    factors.totp ? t("factorApp") : "",
    factors.passkeys > 0 ? t("factorPasskeys", { count: factors.passkeys }) : "",
  ].filter((part) => part !== "");
  if (parts.length === 0) return t("factorNone");
  return [...parts, t("factorRecovery", { count: factors.recoveryCodesLeft })].join(" · ");
}
