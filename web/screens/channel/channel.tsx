import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { queries } from "#web/app/queries.ts";
import { Change } from "#web/screens/channel/change.tsx";
import { Conversations } from "#web/screens/channel/conversations.tsx";
import { DeadLetters } from "#web/screens/channel/dead-letters.tsx";
import { channelWords } from "#web/screens/channel/messages.ts";
import { Traffic } from "#web/screens/channel/traffic.tsx";
import { CHANNEL, type Channel } from "#web/screens/channels/traffic.ts";
import { ActButton, ConfirmButton } from "#web/ui/act.tsx";
import { AgentName } from "#web/ui/agent-name.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { channelTypes } from "#web/ui/channel-messages.ts";
import { Copied } from "#web/ui/copy.tsx";
import { Facts } from "#web/ui/facts.tsx";
import { Page, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** A channel: how it does, what is said on it, what was given up, and what it is made of. */
export function ChannelScreen() {
  const t = useMessages(channelWords);
  const { id } = useParams({ from: "/channel/$id" });
  const query = useQuery({
    queryKey: ["channel", id],
    queryFn: () => api.operation("GET /v1/channels/{id}", { path: { id } }),
  });
  const { data } = query;
  return (
    <Page
      title={data?.name ?? t("channel")}
      lead={data !== undefined && <Lead channel={data} />}
      actions={data !== undefined && <Actions channel={data} />}
    >
      <Read query={query} action="channel.read" lines={8}>
        {(channel) => <Whole channel={channel} />}
      </Read>
    </Page>
  );
}

function Lead({ channel: { type, state, agentId } }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const say = useMessages(channelTypes);
  return (
    <p className="flex flex-wrap items-center gap-2">
      <Badge tone={state === "active" ? "good" : "busy"}>{say(`state${state}`)}</Badge>
      <span>
        {say(`type${type}`)} · {t("answeredBy")} <AgentName id={agentId} />
      </span>
    </p>
  );
}

function Actions({ channel }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const { may } = usePermissions();
  const navigate = useNavigate();
  const { id, name, state, version } = channel;
  if (!may("channel.change")) return null;
  const path = { id };
  const next = state === "active" ? "paused" : "active";
  const label = t(next === "paused" ? "pause" : "resume");
  return (
    <>
      <ActButton
        label={label}
        name={label}
        touches={CHANNEL}
        act={() =>
          api.operation("PATCH /v1/channels/{id}", {
            path,
            body: { state: next },
            headers: { "if-match": `"${version}"` },
          })
        }
      />
      <Change channel={channel} />
      <ConfirmButton
        label={t("disconnect")}
        name={t("disconnectOf", { name })}
        touches={new Set()}
        act={async () => {
          await api.operation("DELETE /v1/channels/{id}", { path });
          queries.removeQueries({ queryKey: ["channel", "list"] });
          await navigate({ to: "/channels" });
        }}
      >
        {t("disconnectLead")}
      </ConfirmButton>
    </>
  );
}

function Whole({ channel }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const { may } = usePermissions();
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        <Section title={t("traffic")} className="mt-0!">
          <Traffic id={channel.id} />
        </Section>
        {may("message.read") && (
          <Section title={t("conversations")}>
            <Conversations channel={channel} />
          </Section>
        )}
        <Section title={t("dead")}>
          <DeadLetters id={channel.id} />
        </Section>
      </div>
      <Section title={t("facts")} className="min-w-0 lg:mt-0">
        <ChannelFacts channel={channel} />
      </Section>
    </div>
  );
}

function ChannelFacts({ channel }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const say = useMessages(channelTypes);
  const { inboundUrl, address, config, secrets, limits, createdAt } = channel;
  const rows: [string, ReactNode][] = [
    ...Object.entries(config).map(([name, text]): [string, ReactNode] => [
      say(`field${name}` as keyof typeof channelTypes),
      <span key={name} className="font-mono text-xs">
        {text}
      </span>,
    ]),
    ...secrets.map((name): [string, ReactNode] => [
      say(`field${name}` as keyof typeof channelTypes),
      t("sealed"),
    ]),
    [t("outboundMost"), t("perMinute", { count: limits.outboundPerMinute })],
    [t("inboundMost"), t("perMinute", { count: limits.inboundPerMinute })],
    [t("since"), <Ago key="since" at={createdAt} />],
  ];
  return (
    <div className="grid gap-3">
      <p className="text-kumo-subtle">{t("calls")}</p>
      <Copied text={inboundUrl} />
      {address !== undefined && (
        <>
          <p className="text-kumo-subtle">{t("writeTo")}</p>
          <Copied text={address} />
        </>
      )}
      <Facts rows={rows} className="grid-cols-[8.5rem_minmax(0,1fr)]! gap-x-4!" />
    </div>
  );
}
