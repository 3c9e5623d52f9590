import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { queries } from "#web/app/queries.ts";
import { AGAIN_MS } from "#web/screens/webhook/again.ts";
import { DeadLetters } from "#web/screens/webhook/dead-letters.tsx";
import { Deliveries } from "#web/screens/webhook/deliveries.tsx";
import { webhookWords } from "#web/screens/webhook/messages.ts";
import { Replay } from "#web/screens/webhook/replay.tsx";
import { HookBadge, type Webhook, WEBHOOK } from "#web/screens/webhooks/hook-badge.tsx";
import { ActButton, ConfirmButton } from "#web/ui/act.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** A webhook: how it does, every attempt, and what it never took. */
export function WebhookScreen() {
  const t = useMessages(webhookWords);
  const { id } = useParams({ from: "/webhook/$id" });
  const query = useQuery({
    queryKey: ["webhook", id],
    queryFn: () => api.operation("GET /v1/webhooks/{id}", { path: { id } }),
  });
  const { data } = query;
  return (
    <Page
      title={data?.url ?? t("webhook")}
      lead={data !== undefined && <Lead webhook={data} />}
      actions={data !== undefined && <Actions webhook={data} />}
    >
      <Read query={query} action="webhook.read" lines={8}>
        {(webhook) => <Whole webhook={webhook} />}
      </Read>
    </Page>
  );
}

function Lead({ webhook }: { webhook: Webhook }) {
  const t = useMessages(webhookWords);
  const { description, events, ordered } = webhook;
  return (
    <>
      {description !== "" && (
        <p className="mb-2" dir="auto">
          {description}
        </p>
      )}
      <p className="flex flex-wrap items-center gap-2">
        <HookBadge webhook={webhook} />
        {ordered && <Badge tone="plain">{t("ordered")}</Badge>}
        {events.map((each) => (
          <Badge key={each} tone="plain">
            {each}
          </Badge>
        ))}
      </p>
    </>
  );
}

function Actions({ webhook: { id, url, state, version } }: { webhook: Webhook }) {
  const t = useMessages(webhookWords);
  const { may } = usePermissions();
  const navigate = useNavigate();
  if (!may("webhook.change")) return null;
  const path = { id };
  const next = state === "active" ? "paused" : "active";
  const label = t(next === "paused" ? "pause" : "resume");
  return (
    <>
      <ActButton
        label={t("ping")}
        name={t("ping")}
        touches={WEBHOOK}
        act={() => api.operation("POST /v1/webhooks/{id}/ping", { path })}
      />
      <ActButton
        label={label}
        name={label}
        touches={WEBHOOK}
        act={() =>
          api.operation("PATCH /v1/webhooks/{id}", {
            path,
            body: { state: next },
            headers: { "if-match": `"${version}"` },
          })
        }
      />
      <ConfirmButton
        label={t("remove")}
        name={t("removeOf", { url })}
        touches={new Set()}
        act={async () => {
          await api.operation("DELETE /v1/webhooks/{id}", { path });
          queries.removeQueries({ queryKey: ["webhook", "list"] });
          await navigate({ to: "/webhooks" });
        }}
      >
        {t("removeLead")}
      </ConfirmButton>
    </>
  );
}

function Whole({ webhook: { id } }: { webhook: Webhook }) {
  const t = useMessages(webhookWords);
  const { may } = usePermissions();
  return (
    <>
      <Status id={id} />
      <Section title={t("deliveries")}>
        <Deliveries id={id} />
      </Section>
      <Section title={t("dead")}>
        <DeadLetters id={id} />
      </Section>
      {may("webhook.change") && (
        <div className="grid items-start gap-x-6 lg:grid-cols-2">
          <Section title={t("replay")}>
            <Replay id={id} />
          </Section>
          <Section title={t("secret")}>
            <Secret id={id} />
          </Section>
        </div>
      )}
    </>
  );
}

function Status({ id }: { id: string }) {
  const t = useMessages(webhookWords);
  const format = useFormat();
  const status = useQuery({
    queryKey: ["webhook", id, "status"],
    queryFn: () => api.operation("GET /v1/webhooks/{id}/status", { path: { id } }),
    refetchInterval: AGAIN_MS,
  });
  return (
    <Read query={status} action="webhook.read" lines={3}>
      {({ failures, failingSince, lastAttemptAt, lastStatus, retrying, deadLetters, missed }) => (
        <>
          <dl className="status grid grid-cols-2 gap-3 sm:grid-cols-5">
            {(
              [
                ["lastAttempt", lastAttemptAt === null ? "–" : <Ago at={lastAttemptAt} />],
                ["lastStatus", lastStatus ?? "–"],
                ["retrying", format.number(retrying)],
                ["deadCount", format.number(deadLetters)],
                ["missed", format.number(missed)],
              ] as const
            ).map(([name, value]) => (
              <Card key={name} className="flex flex-col-reverse justify-end px-4 py-3">
                <dt className="text-xs text-kumo-subtle">{t(name)}</dt>
                <dd className="text-lg font-semibold tabular-nums">{value}</dd>
              </Card>
            ))}
          </dl>
          {failingSince !== null && (
            <p className="mt-2 text-kumo-warning">
              {t("failing", { count: failures, time: format.time(failingSince) })}
            </p>
          )}
        </>
      )}
    </Read>
  );
}

function Secret({ id }: { id: string }) {
  const t = useMessages(webhookWords);
  const rotate = useMutation({
    mutationFn: () =>
      api.operation("POST /v1/webhooks/{id}/rotate", {
        path: { id },
      }),
  });
  return (
    <Card className="grid gap-3 p-5">
      <p className="text-kumo-subtle">{t("rotateLead")}</p>
      {rotate.data !== undefined && (
        <ShownOnce key={rotate.data.secret} secret={rotate.data.secret} />
      )}
      {rotate.error !== null && <Failure error={rotate.error} />}
      <Button
        className="justify-self-start"
        disabled={rotate.isPending}
        onClick={() => rotate.mutate()}
      >
        {t("rotate")}
      </Button>
    </Card>
  );
}
