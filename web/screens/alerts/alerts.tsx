import { useQuery } from "@tanstack/react-query";
import { SIGNALS } from "#domain/alerts/signals.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { Objectives } from "#web/screens/alerts/objectives.tsx";
import { OwnRule } from "#web/screens/alerts/own-rule.tsx";
import { routeWords } from "#web/screens/alerts/route-messages.ts";
import { Routes } from "#web/screens/alerts/routes.tsx";
import { RuleRow } from "#web/screens/alerts/rule.tsx";
import { Silences } from "#web/screens/alerts/silence.tsx";
import { Standing } from "#web/screens/alerts/standing.tsx";
import type { Rule } from "#web/screens/alerts/values.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { Allowed, Read } from "#web/ui/states.tsx";

/** What is wrong now, the rules that say so, and how much may still go wrong. */
export function Alerts() {
  const t = useMessages(alertWords);
  const say = useMessages(routeWords);
  return (
    <Allowed action="alert.read">
      <Page title={t("title")} lead={t("lead")}>
        <Standing />
        <Watched />
        <Section title={say("routes")}>
          <Routes />
        </Section>
        <Section title={t("silences")}>
          <Silences />
        </Section>
      </Page>
    </Allowed>
  );
}

/** Whether these rules look at the whole installation, as the first account's do: it alone reads objectives. */
const isPlatforms = (rules: readonly Rule[]): boolean =>
  rules.some(({ signal }) => SIGNALS[signal].of === "platform");

function Watched() {
  const t = useMessages(alertWords);
  const { may } = usePermissions();
  const rules = useQuery({
    queryKey: ["alert", "rules"],
    queryFn: () => api.operation("GET /v1/alerts/rules"),
  });
  return (
    <>
      {rules.data !== undefined && isPlatforms(rules.data.items) && (
        <Section title={t("objectives")}>
          <Objectives rules={rules.data.items} />
        </Section>
      )}
      <Section
        title={t("rules")}
        end={
          rules.data !== undefined &&
          may("alert.change") && (
            <OwnRule isPlatforms={isPlatforms(rules.data.items)} rules={rules.data.items} />
          )
        }
      >
        <Read query={rules} action="alert.read" lines={8}>
          {({ items }) => (
            <Card>
              <ul aria-label={t("rules")} className="rules divide-y divide-kumo-line">
                {items.map((rule) => (
                  <RuleRow key={rule.id} rule={rule} />
                ))}
              </ul>
            </Card>
          )}
        </Read>
      </Section>
    </>
  );
}
