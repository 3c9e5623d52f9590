import { Button } from "@cloudflare/kumo/components/button";
import { type ReactNode, useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { CLIENT } from "#web/screens/settings/client.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Register } from "#web/screens/settings/register.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Sure } from "#web/ui/sure.tsx";
import { Ago } from "#web/ui/time.tsx";

type Grant = Operations["GET /v1/oauth/grants"]["answer"]["items"][number];
const PAGE = 100;

type Client = Operations["GET /v1/oauth/clients"]["answer"]["items"][number];

/** The applications that may act for people of the account, and those that the account registered. */
export function Applications() {
  const { may } = usePermissions();
  return (
    <div className="grid gap-3">
      {may("grant.read") && <Grants />}
      {may("client.read") && <Clients />}
      {may("client.make") && <Register />}
    </div>
  );
}

function Grants() {
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

function Clients() {
  const t = useMessages(settingWords);
  const say = useMessages(ui);
  const clients = usePages(
    ["client"],
    (cursor) => api.operation("GET /v1/oauth/clients", { query: { limit: PAGE, cursor } }),
    ["audit"],
  );
  return (
    <Read query={clients} action="client.read" lines={1}>
      {(items) =>
        items.length > 0 && (
          <Card>
            <ul aria-label={t("clients")} className="clients divide-y divide-kumo-line">
              {items.map((client) => (
                <ClientRow key={client.id} client={client} />
              ))}
            </ul>
            {clients.more !== undefined && (
              <Button className="m-3" onClick={clients.more}>
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
  const { id, clientName: name, scopes, createdAt, lastUsedAt } = grant;
  return (
    <Row name={name} scopes={scopes} at={lastUsedAt ?? createdAt}>
      {may("grant.revoke") && (
        <End
          title={t("endOf", { name })}
          label={t("end")}
          says={t("endLead")}
          act={() => api.operation("DELETE /v1/oauth/grants/{id}", { path: { id } })}
        />
      )}
    </Row>
  );
}

function ClientRow({ client: { id, name, scopes, createdAt } }: { client: Client }) {
  const t = useMessages(settingWords);
  const { may } = usePermissions();
  return (
    <Row name={name} note={t("client")} scopes={scopes} at={createdAt}>
      {may("client.revoke") && (
        <End
          title={t("revokeOf", { name })}
          label={t("revoke")}
          says={t("revokeLead")}
          act={() => api.operation("DELETE /v1/oauth/clients/{id}", { path: { id } })}
        />
      )}
    </Row>
  );
}

type RowProps = {
  name: string;
  note?: string;
  scopes: readonly string[];
  at: string;
  children: ReactNode;
};

function Row({ name, note, scopes, at, children }: RowProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-3">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium" dir="auto">
            {name}
          </span>
          {note !== undefined && <span className="text-xs text-kumo-subtle">{note}</span>}
        </p>
        <p className="mt-1 flex flex-wrap gap-1.5">
          {scopes.map((scope) => (
            <Badge key={scope} tone="plain">
              {scope}
            </Badge>
          ))}
        </p>
      </div>
      <Ago at={at} className="text-xs" />
      {children}
    </li>
  );
}

type EndProps = { title: string; label: string; says: string; act(): Promise<unknown> };

function End({ title, label, says, act }: EndProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button
        size="sm"
        variant="secondary-destructive"
        aria-label={title}
        onClick={() => setAsking(true)}
      >
        {label}
      </Button>
      <Sure
        title={title}
        isOpen={isAsking}
        close={() => setAsking(false)}
        label={label}
        act={act}
        done={() => changed(CLIENT)}
      >
        <p className="text-kumo-subtle">{says}</p>
      </Sure>
    </>
  );
}
