import { Button } from "@cloudflare/kumo/components/button";
import { BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { wantFactor } from "#web/app/session.ts";
import { Account } from "#web/screens/settings/account.tsx";
import { Applications } from "#web/screens/settings/applications.tsx";
import { Collections } from "#web/screens/settings/collections.tsx";
import { Limits } from "#web/screens/settings/limits.tsx";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Models } from "#web/screens/settings/models.tsx";
import { Usage } from "#web/screens/settings/usage.tsx";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";

/** The account that one is in. */
export function Settings() {
  const t = useMessages(settingWords);
  const { may } = usePermissions();
  return (
    <Allowed action="account.read">
      <Page title={t("title")} lead={t("lead")}>
        <div className="grid gap-x-10 lg:grid-cols-2">
          <div className="min-w-0">
            <Section title={t("account")} className="mt-0!">
              <Account />
            </Section>
            {may("limit.read") && <Limits />}
            {may("inference.read") && (
              <Section title={t("models")}>
                <Models />
              </Section>
            )}
          </div>
          <div className="min-w-0">
            {may("usage.read") && <Usage />}
            {may("collection.read") && (
              <Section title={t("collections")}>
                <Collections />
              </Section>
            )}
            {(may("grant.read") || may("client.read") || may("client.make")) && (
              <Section title={t("applications")}>
                <Applications />
              </Section>
            )}
            {may("account.export") && <Export />}
          </div>
        </div>
      </Page>
    </Allowed>
  );
}

function Export() {
  const t = useMessages(settingWords);
  const { why } = usePermissions();
  const mustProve = why("account.export")?.rule === "second-factor";
  return (
    <Section title={t("export")}>
      <Card className="grid gap-3 p-5">
        <p className="text-kumo-subtle">{t("exportLead")}</p>
        {mustProve ? (
          <Button className="justify-self-start" onClick={() => wantFactor(true)}>
            {t("prove")}
          </Button>
        ) : (
          <a href={`${BASE}v1/account/export`} download className="link justify-self-start">
            {t("download")}
          </a>
        )}
      </Card>
    </Section>
  );
}
