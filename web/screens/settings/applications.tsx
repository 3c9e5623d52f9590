import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Sure } from "#web/ui/sure.tsx";
import { Ago } from "#web/ui/time.tsx";

type Grant = Operations["GET /v1/oauth/grants"]["answer"]["items"][number];
const PAGE = 100;
const GRANT = new Set(["grant"]);

/** The applications that may act for people of the account. */
export function Applications() {
  const t = useMessages(settingWords);
  const say = useMessages(ui);
  const grants = usePages(
    ["grant"],
    (cursor) => api.operation("GET /v1/oauth/grants", { query: { limit: PAGE, cursor } }),
    // Grants have no events of their own; giving and ending them is recorded.
    ["audit"],
  );
  return (
    <Read query={grants} action="grant.read" lines={2}>
      {(items) =>
        items.length === 0 ? (
          <p className="text-kumo-subtle">{t("noApplications")}</p>
        ) : (
          <Card>
            <ul aria-label={t("applications")} className="grants divide-y divide-kumo-line">
              {items.map((grant) => (
                <GrantRow key={grant.id} grant={grant} />
              ))}
            </ul>
            {grants.more !== undefined && (
              <Button className="m-3" onClick={grants.more}>
                {say("more")}
              </Button>
            )}
          </Card>
        )
      }
    </Read>
  );
}

function GrantRow({ grant }: { grant: Grant }) {
  const t = useMessages(settingWords);
  const { may } = usePermissions();
  const [isAsking, setAsking] = useState(false);
  const { clientName: name, scopes, createdAt, lastUsedAt } = grant;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-3">
      <div className="min-w-0 grow">
        <p className="font-medium" dir="auto">
          {name}
        </p>
        <p className="mt-1 flex flex-wrap gap-1.5">
          {scopes.map((scope) => (
            <Badge key={scope} tone="plain">
              {scope}
            </Badge>
          ))}
        </p>
      </div>
      <Ago at={lastUsedAt ?? createdAt} className="text-xs" />
      {may("grant.revoke") && (
        <Button
          size="sm"
          variant="secondary-destructive"
          aria-label={t("endOf", { name })}
          onClick={() => setAsking(true)}
        >
          {t("end")}
        </Button>
      )}
      <Sure
        title={t("endOf", { name })}
        isOpen={isAsking}
        close={() => setAsking(false)}
        label={t("end")}
        act={() => api.operation("DELETE /v1/oauth/grants/{id}", { path: { id: grant.id } })}
        done={() => changed(GRANT)}
      >
        <p className="text-kumo-subtle">{t("endLead")}</p>
      </Sure>
    </li>
  );
}
