import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { textOf } from "#web/screens/policies/edit.tsx";
import { policyWords } from "#web/screens/policies/messages.ts";
import { type Policy, Rules } from "#web/screens/policies/rules.tsx";
import { ConfirmButton } from "#web/ui/act.tsx";
import { diffLines } from "#web/ui/diff.ts";
import { Difference } from "#web/ui/difference.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card, Section } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** What every account begins with. */
const FIRST: Policy = {
  version: 0,
  otherwise: "allow",
  rules: [],
  principalId: null,
  createdAt: null,
};

/** The versions that were in force, the newest first, each with what it changed; nothing before there is one. */
export function PolicyVersions({ current }: { current: number }) {
  const t = useMessages(policyWords);
  const say = useMessages(ui);
  const pages = usePages(["policy", "versions"], (cursor) =>
    api.operation("GET /v1/policies/versions", { query: { cursor } }),
  );
  if (current === 0) return null;
  return (
    <Section title={t("versions")}>
      <Read query={pages} action="policy.read">
        {(versions) => (
          <ol className="versions grid gap-2">
            {versions.map((policy, at) => (
              <li key={policy.version}>
                <VersionCard
                  policy={policy}
                  before={versions[at + 1] ?? (policy.version === 1 ? FIRST : undefined)}
                  current={current}
                />
              </li>
            ))}
            {pages.more !== undefined && (
              <button type="button" className="link justify-self-start" onClick={pages.more}>
                {say("more")}
              </button>
            )}
          </ol>
        )}
      </Read>
    </Section>
  );
}

type CardProps = { policy: Policy; before: Policy | undefined; current: number };

function VersionCard({ policy, before, current }: CardProps) {
  const t = useMessages(policyWords);
  const say = useMessages(ui);
  const { version, createdAt, principalId } = policy;
  return (
    <Card className="px-4 py-2.5">
      <details>
        <summary className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-medium">{t("version", { version })}</span>
          <span className="text-kumo-subtle">{t("count", { count: policy.rules.length })}</span>
          {principalId !== null && (
            <span className="font-mono text-xs text-kumo-subtle">{principalId}</span>
          )}
          {createdAt !== null && <Ago at={createdAt} className="ms-auto text-xs" />}
        </summary>
        <div className="mt-3 grid gap-3">
          {before === undefined ? (
            <Rules policy={policy} />
          ) : (
            <>
              <h3 className="font-medium">{say("changes")}</h3>
              <Difference lines={diffLines(textOf(before).trimEnd(), textOf(policy).trimEnd())} />
            </>
          )}
          {version !== current && <PutBack policy={policy} current={current} />}
        </div>
      </details>
    </Card>
  );
}

function PutBack({ policy, current }: { policy: Policy; current: number }) {
  const t = useMessages(policyWords);
  const { may } = usePermissions();
  const { version, otherwise, rules } = policy;
  if (!may("policy.change")) return null;
  return (
    <div>
      <ConfirmButton
        label={t("putBack")}
        name={t("putBackOf", { version })}
        touches={new Set(["policy", "permission"])}
        act={() =>
          api.operation("PUT /v1/policies", {
            body: { otherwise, rules },
            headers: { "if-match": `"${current}"` },
          })
        }
      >
        {t("putBackLead")}
      </ConfirmButton>
    </div>
  );
}
