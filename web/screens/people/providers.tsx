import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Operations } from "#sdk/types.ts";
import { api, BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { PROVIDER, ProviderForm } from "#web/screens/people/provider-form.tsx";
import { providerWords } from "#web/screens/people/provider-messages.ts";
import { ActButton, ConfirmButton } from "#web/ui/act.tsx";
import { Asked } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { Copied, CopyButton } from "#web/ui/copy.tsx";
import { Card } from "#web/ui/page.tsx";
import { roles } from "#web/ui/role-messages.ts";
import { Read } from "#web/ui/states.tsx";

type Provider = Operations["GET /v1/identity-providers"]["answer"]["items"][number];

/** The identity providers by which people of an organisation sign in, and the way to connect one. */
export function Providers() {
  const t = useMessages(providerWords);
  const { may } = usePermissions();
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const providers = useQuery({
    queryKey: ["identity-provider"],
    // An account can have no more.
    queryFn: () =>
      api.operation("GET /v1/identity-providers", {
        query: { limit: LIMITS.providersPerAccountMax },
      }),
  });
  return (
    <div className="grid gap-3">
      <Read query={providers} action="identity-provider.read" lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-kumo-subtle">{t("none")}</p>
          ) : (
            <ul aria-label={t("title")} className="providers grid gap-3">
              {items.map((provider) => (
                <li key={provider.id}>
                  <ProviderCard provider={provider} />
                </li>
              ))}
            </ul>
          )
        }
      </Read>
      {may("directory.read") && (
        <div className="grid max-w-2xl gap-1.5">
          <p className="text-kumo-subtle">{t("directory")}</p>
          <Copied text={`${BASE}scim/v2`} />
        </div>
      )}
      {may("identity-provider.change") && (
        <div>
          <Button onClick={() => setOpen(true)}>{t("connect")}</Button>
          <Asked title={t("connect")} isOpen={isOpen} close={close}>
            <ProviderForm close={close} />
          </Asked>
        </div>
      )}
    </div>
  );
}

function ProviderCard({ provider }: { provider: Provider }) {
  const t = useMessages(providerWords);
  const say = useMessages(roles);
  const { name, protocol, enabled, provisioning, defaultRole, signInUrl, redirectUri } = provider;
  const addresses = [
    [t("signInUrl"), signInUrl],
    [t("redirectUri"), redirectUri],
    [t("metadataUrl"), provider.metadataUrl],
  ] as const;
  return (
    <Card className="grid gap-3 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="min-w-0 grow font-medium" dir="auto">
          {name}
        </span>
        <Badge tone="plain">{protocol === "oidc" ? "OpenID Connect" : "SAML 2.0"}</Badge>
        <Badge tone={enabled ? "good" : "plain"}>{t(enabled ? "on" : "off")}</Badge>
        <Change provider={provider} />
      </div>
      <p className="text-kumo-subtle">
        {t(`provisioning${provisioning}`)} ·{" "}
        {defaultRole === null ? t("noRole") : t("asRole", { role: say(`role${defaultRole}`) })}
      </p>
      {provider.roles.length > 0 && (
        <ul className="grid gap-1">
          {provider.roles.map(({ attribute, value, role }) => (
            <li key={`${attribute} ${value}`} className="flex flex-wrap items-center gap-2">
              <code className="font-mono text-xs">
                {attribute} = {value}
              </code>
              <Badge tone="plain">{say(`role${role}`)}</Badge>
            </li>
          ))}
        </ul>
      )}
      <dl className="grid gap-1.5">
        {addresses.map(
          ([label, address]) =>
            address !== undefined && (
              <div key={label} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <dt className="text-kumo-subtle sm:w-44">{label}</dt>
                <dd className="flex min-w-0 grow items-center gap-3">
                  <span className="min-w-0 grow font-mono text-xs break-all">{address}</span>
                  <CopyButton text={address} />
                </dd>
              </div>
            ),
        )}
      </dl>
    </Card>
  );
}

function Change({ provider: { id, name, version, enabled } }: { provider: Provider }) {
  const t = useMessages(providerWords);
  const { may } = usePermissions();
  if (!may("identity-provider.change")) return null;
  const path = { id };
  return (
    <div className="flex flex-wrap gap-2">
      <ActButton
        label={t(enabled ? "turnOff" : "turnOn")}
        name={t(enabled ? "turnOffOf" : "turnOnOf", { name })}
        touches={PROVIDER}
        act={() =>
          api.operation("PATCH /v1/identity-providers/{id}", {
            path,
            body: { enabled: !enabled },
            headers: { "if-match": `"${version}"` },
          })
        }
      />
      <ConfirmButton
        label={t("disconnect")}
        name={t("disconnectOf", { name })}
        touches={PROVIDER}
        act={() => api.operation("DELETE /v1/identity-providers/{id}", { path })}
      >
        {t("disconnectLead")}
      </ConfirmButton>
    </div>
  );
}
