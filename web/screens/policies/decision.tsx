import { ACTIONS, type Action, requirementOf } from "#domain/policies/actions.ts";
import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { policyWords } from "#web/screens/policies/messages.ts";
import { ruleAnchor } from "#web/screens/policies/rules.tsx";
import { Badge, type Tone } from "#web/ui/badges.tsx";
import { Card } from "#web/ui/page.tsx";
import { roles } from "#web/ui/role-messages.ts";

export type Explained = Operations["POST /v1/policies/explain"]["answer"];

const TONES: Record<Explained["decision"], Tone> = { allow: "good", deny: "bad", depends: "busy" };
/** What can decide, by what the name of a rule begins with. */
const DECIDERS = ["agent", "scope", "role", "second-factor", "policy"] as const;

/** What was decided, by which rule and why, and what the action needs at all. */
export function Decision({ action, said }: { action: string; said: Explained }) {
  const t = useMessages(policyWords);
  const { decision, rule, reason } = said;
  const by = DECIDERS.find((each) => rule === each || rule.startsWith(`${each}:`));
  const ours = /^policy:(.+)@\d+$/.exec(rule)?.[1];
  return (
    <Card className="p-5">
      <div role="status" className="decision grid gap-3">
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone={TONES[decision]}>{t(`decided${decision}`)}</Badge>
          <code className="font-mono text-xs">{action}</code>
        </p>
        <p dir="auto">{reason}</p>
        <p className="text-kumo-subtle">
          {by !== undefined && t(`by${by}`)}{" "}
          <code className="font-mono text-xs text-kumo-default">{rule}</code>
        </p>
        {ours !== undefined && <ToRule id={ours} />}
      </div>
      {action in ACTIONS && <Needs action={action as Action} />}
    </Card>
  );
}

function ToRule({ id }: { id: string }) {
  const t = useMessages(policyWords);
  const go = () => {
    const rule = document.getElementById(ruleAnchor(id));
    rule?.scrollIntoView({ block: "center" });
    rule?.focus({ preventScroll: true });
  };
  return (
    <button type="button" className="link justify-self-start" onClick={go}>
      {t("toRule")}
    </button>
  );
}

function Needs({ action }: { action: Action }) {
  const t = useMessages(policyWords);
  const say = useMessages(roles);
  const { scope, role, fresh, unruled } = requirementOf(action);
  const needs = [
    t("needsRole", { role: say(`role${role}`) }),
    scope === undefined ? "" : t("needsScope", { scope }),
    fresh === true ? t("needsFactor") : "",
    unruled === true ? t("beyondRules") : "",
  ].filter((each) => each !== "");
  return (
    <div className="mt-4 border-t border-kumo-line pt-3">
      <h3 className="mb-1 font-medium">{t("needs")}</h3>
      <ul className="list-disc ps-5 text-kumo-subtle">
        {needs.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </div>
  );
}
