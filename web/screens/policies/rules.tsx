import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { policyWords } from "#web/screens/policies/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { Card } from "#web/ui/page.tsx";

export type Policy = Operations["GET /v1/policies"]["answer"];
type Rule = Policy["rules"][number];

/** Where the rule of that name stands on the screen. */
export const ruleAnchor = (id: string): string => `rule-${id}`;

/** A policy to be read; `named` gives its rules the places that a decision leads to. */
export function Rules({ policy, named = false }: { policy: Policy; named?: boolean }) {
  const t = useMessages(policyWords);
  const { rules, otherwise } = policy;
  return (
    <Card>
      <ol aria-label={t("rules")} className="rules divide-y divide-kumo-line">
        {rules.map((rule) => (
          <li
            key={rule.id}
            {...(named && { id: ruleAnchor(rule.id), tabIndex: -1 })}
            className="grid gap-1.5 px-4 py-3"
          >
            <RuleText rule={rule} />
          </li>
        ))}
        <li
          {...(named && { id: ruleAnchor("otherwise"), tabIndex: -1 })}
          className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3"
        >
          <span className="font-medium">{t("otherwise")}</span>
          <Badge tone={otherwise === "allow" ? "good" : "bad"}>{t(`does${otherwise}`)}</Badge>
          <span className="text-kumo-subtle">{t(`otherwise${otherwise}`)}</span>
        </li>
      </ol>
    </Card>
  );
}

function RuleText({ rule: { id, effect, actions, when, reason } }: { rule: Rule }) {
  const t = useMessages(policyWords);
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{id}</span>
        <Badge tone={effect === "permit" ? "good" : "bad"}>{t(`effect${effect}`)}</Badge>
        {actions.map((action) => (
          <code key={action} className="rounded bg-kumo-tint px-1.5 font-mono text-xs">
            {action}
          </code>
        ))}
      </p>
      {when !== undefined && (
        <p className="text-kumo-subtle">
          {t("when")}{" "}
          <code className="font-mono text-xs text-kumo-default" dir="ltr">
            {when}
          </code>
        </p>
      )}
      {reason !== undefined && (
        <p className="text-kumo-subtle" dir="auto">
          “{reason}”
        </p>
      )}
    </>
  );
}
