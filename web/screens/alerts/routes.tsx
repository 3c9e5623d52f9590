import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SEVERITIES } from "#domain/alerts/rules.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { AddRoute } from "#web/screens/alerts/add-route.tsx";
import { Browsers } from "#web/screens/alerts/browsers.tsx";
import { routeWords } from "#web/screens/alerts/route-messages.ts";
import { AGAIN_MS, ALERT, TONE } from "#web/screens/alerts/values.ts";
import { ActButton, ConfirmButton } from "#web/ui/act.tsx";
import { Asked } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Route = Operations["GET /v1/alerts/routes"]["answer"]["items"][number];

/** Where alerts are told, and how that goes. */
export function Routes() {
  const t = useMessages(routeWords);
  const { may } = usePermissions();
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const routes = useQuery({
    queryKey: ["alert", "routes"],
    queryFn: () => api.operation("GET /v1/alerts/routes"),
    refetchInterval: AGAIN_MS,
  });
  return (
    <div className="grid gap-3">
      <Read query={routes} action="alert.read" lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-kumo-subtle">{t("none")}</p>
          ) : (
            <Card>
              <ul aria-label={t("routes")} className="routes divide-y divide-kumo-line">
                {items.map((route) => (
                  <RouteRow key={route.id} route={route} />
                ))}
              </ul>
            </Card>
          )
        }
      </Read>
      {may("push.subscribe") && <Browsers />}
      {may("alert.change") && (
        <div>
          <Button onClick={() => setOpen(true)}>{t("add")}</Button>
          <Asked title={t("add")} isOpen={isOpen} close={close}>
            <AddRoute close={close} />
          </Asked>
        </div>
      )}
    </div>
  );
}

function RouteRow({ route }: { route: Route }) {
  const t = useMessages(routeWords);
  const say = useMessages(alertWords);
  const { kind, url, severities, rules } = route;
  const name = `${t(`kind${kind}`)}${url === null ? "" : ` ${url}`}`;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2.5">
      <div className="min-w-0 grow max-sm:basis-full">
        <p className="font-medium">{t(`kind${kind}`)}</p>
        {url !== null && <p className="font-mono text-xs break-all text-kumo-subtle">{url}</p>}
        <Telling route={route} />
      </div>
      {severities.length < SEVERITIES.length &&
        severities.map((severity) => (
          <Badge key={severity} tone={TONE[severity]}>
            {say(`severity${severity}`)}
          </Badge>
        ))}
      {rules.map((rule) => (
        <Badge key={rule} tone="plain">
          {rule}
        </Badge>
      ))}
      <Act id={route.id} name={name} />
    </li>
  );
}

function Telling({ route: { telling } }: { route: Route }) {
  const t = useMessages(routeWords);
  const format = useFormat();
  const { waiting, givenUp, lastFailure } = telling;
  if (waiting === 0 && givenUp === 0 && lastFailure === null) return null;
  return (
    <p className="text-kumo-warning">
      {(waiting > 0 || givenUp > 0) && `${t("telling", { waiting, givenUp })} `}
      {lastFailure !== null &&
        t("failed", { reason: lastFailure.reason, time: format.time(lastFailure.at) })}
    </p>
  );
}

function Act({ id, name }: { id: string; name: string }) {
  const t = useMessages(routeWords);
  const { may } = usePermissions();
  const [isTried, setTried] = useState(false);
  if (!may("alert.change")) return null;
  const path = { id };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span role="status" className="text-xs text-kumo-subtle">
        {isTried && t("tried")}
      </span>
      <ActButton
        label={t("try")}
        name={t("tryOf", { name })}
        touches={ALERT}
        act={async () => {
          await api.operation("POST /v1/alerts/routes/{id}/test", { path });
          setTried(true);
        }}
      />
      <ConfirmButton
        label={t("remove")}
        name={t("removeOf", { name })}
        touches={ALERT}
        act={() => api.operation("DELETE /v1/alerts/routes/{id}", { path })}
      >
        {t("removeLead")}
      </ConfirmButton>
    </div>
  );
}
