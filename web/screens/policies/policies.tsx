import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { EditPolicy } from "#web/screens/policies/edit.tsx";
import { Explain } from "#web/screens/policies/explain.tsx";
import { policyWords } from "#web/screens/policies/messages.ts";
import { type Policy, Rules } from "#web/screens/policies/rules.tsx";
import { PolicyVersions } from "#web/screens/policies/versions.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Page, Section } from "#web/ui/page.tsx";
import { Allowed, Read } from "#web/ui/states.tsx";

/** Why something is allowed or refused, and the rules of the account that say so. */
export function Policies() {
  const t = useMessages(policyWords);
  const { may } = usePermissions();
  return (
    <Allowed action="policy.explain">
      <Page title={t("title")} lead={t("lead")}>
        <Section title={t("explain")} className="mt-0!">
          <Explain />
        </Section>
        {may("policy.read") && <InForce />}
      </Page>
    </Allowed>
  );
}

function InForce() {
  const policy = useQuery({
    queryKey: ["policy", "now"],
    queryFn: () => api.operation("GET /v1/policies"),
  });
  return (
    <Read query={policy} action="policy.read" lines={6}>
      {(read) => (
        <>
          <Document policy={read} />
          <PolicyVersions current={read.version} />
        </>
      )}
    </Read>
  );
}

function Document({ policy }: { policy: Policy }) {
  const t = useMessages(policyWords);
  const format = useFormat();
  const { may } = usePermissions();
  const [isEditing, setEditing] = useState(false);
  const { version } = policy;
  return (
    <Section
      title={t("rules")}
      end={
        <span className="text-kumo-subtle">
          {t("inForce", { version: format.number(version) })}
        </span>
      }
    >
      {isEditing ? (
        <EditPolicy policy={policy} close={() => setEditing(false)} />
      ) : (
        <>
          <Rules policy={policy} named />
          {may("policy.change") && (
            <Button className="mt-3" onClick={() => setEditing(true)}>
              {t("edit")}
            </Button>
          )}
        </>
      )}
    </Section>
  );
}
