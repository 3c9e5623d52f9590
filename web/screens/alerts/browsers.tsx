import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { subscribeHere } from "#web/screens/alerts/push.ts";
import { routeWords } from "#web/screens/alerts/route-messages.ts";
import { ActButton } from "#web/ui/act.tsx";
import { Card } from "#web/ui/page.tsx";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Input = Operations["POST /v1/push/subscriptions"]["body"];
const PUSH = new Set(["push"]);

/** One's own browsers that show what is pushed, and the way to make this one such. */
export function Browsers() {
  const t = useMessages(routeWords);
  const browsers = useQuery({
    queryKey: ["push"],
    queryFn: () => api.operation("GET /v1/push/subscriptions"),
  });
  const subscribe = useMutation({
    mutationFn: async () => {
      const { publicKey } = await api.operation("GET /v1/push/key");
      const asked = await subscribeHere(publicKey);
      if (asked.kind === "subscribed")
        // The server says what it does not take of it.
        await api.operation("POST /v1/push/subscriptions", { body: asked.subscription as Input });
      return asked.kind;
    },
    onSuccess: () => changed(PUSH),
  });
  return (
    <Card className="browsers grid gap-3 px-4 py-3">
      <h3 className="font-medium">{t("browsers")}</h3>
      <Read query={browsers} action="push.subscribe" lines={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-kumo-subtle">{t("noBrowsers")}</p>
          ) : (
            <ul className="grid gap-2">
              {items.map(({ id, service, createdAt }) => (
                <li key={id} className="flex flex-wrap items-center gap-3">
                  <span className="min-w-0 grow font-mono text-xs">{service}</span>
                  <Ago at={createdAt} className="text-xs" />
                  <ActButton
                    label={t("remove")}
                    name={t("removeOf", { name: service })}
                    touches={PUSH}
                    act={() =>
                      api.operation("DELETE /v1/push/subscriptions/{id}", { path: { id } })
                    }
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Read>
      <div className="flex flex-wrap items-center gap-3">
        <Button size="sm" disabled={subscribe.isPending} onClick={() => subscribe.mutate()}>
          {t("thisBrowser")}
        </Button>
        <span role="status" className="text-kumo-subtle">
          {subscribe.data !== undefined && t(`browser${subscribe.data}`)}
        </span>
      </div>
      {subscribe.error !== null && <Failure error={subscribe.error} />}
    </Card>
  );
}
