import { ChatCircleTextIcon, PlusIcon } from "@phosphor-icons/react";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { channelListWords } from "#web/screens/channels/messages.ts";
import { type Channel, useTraffic } from "#web/screens/channels/traffic.ts";
import { AgentName } from "#web/ui/agent-name.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { channelTypes } from "#web/ui/channel-messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { LinkButton } from "#web/ui/link-button.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const PAGE = 100;

/** Every messenger, mailbox and program that is connected to an agent. */
export function Channels() {
  const t = useMessages(channelListWords);
  const { may } = usePermissions();
  const pages = usePages(["channel", "list"], (cursor) =>
    api.operation("GET /v1/channels", { query: { limit: PAGE, cursor } }),
  );
  return (
    <Allowed action="channel.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("channel.change") && (
            <LinkButton to="/channels/new" icon={PlusIcon}>
              {t("connect")}
            </LinkButton>
          )
        }
      >
        <Read query={pages} action="channel.read">
          {(channels) =>
            channels.length > 0 ? (
              <LongList
                items={channels}
                keyOf={({ id }) => id}
                row={(channel) => <ChannelRow channel={channel} />}
                more={pages.more}
                label={t("title")}
              />
            ) : (
              <Empty icon={<ChatCircleTextIcon size={32} />} title={t("none")}>
                {t("noneDetail")}
              </Empty>
            )
          }
        </Read>
      </Page>
    </Allowed>
  );
}

function ChannelRow({ channel: { id, name, type, agentId, state } }: { channel: Channel }) {
  const t = useMessages(channelListWords);
  const say = useMessages(channelTypes);
  return (
    <div className="channel flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="min-w-0 grow max-sm:basis-full">
        <Link
          to="/channel/$id"
          params={{ id }}
          className="font-medium hover:text-kumo-link"
          dir="auto"
        >
          {name}
        </Link>
        <p className="text-kumo-subtle">
          {say(`type${type}`)} · {t("answeredBy")} <AgentName id={agentId} />
        </p>
      </div>
      <Lately id={id} />
      <Badge tone={state === "active" ? "good" : "busy"}>{say(`state${state}`)}</Badge>
    </div>
  );
}

/** How much comes and goes, when something did last, and what was given up. */
function Lately({ id }: { id: string }) {
  const t = useMessages(channelListWords);
  const format = useFormat();
  const { data } = useTraffic(id);
  if (data === undefined) return null;
  const { inbound, outbound } = data;
  const [last] = [inbound.lastAt, outbound.lastAt]
    .flatMap((at) => at ?? [])
    .toSorted()
    .reverse();
  const dead = inbound.deadLetters + outbound.deadLetters;
  return (
    <>
      {dead > 0 && <Badge tone="bad">{t("dead", { count: dead })}</Badge>}
      <span className="text-end text-xs text-kumo-subtle tabular-nums">
        {t("rate", {
          inbound: format.number(inbound.lastMinute),
          outbound: format.number(outbound.lastMinute),
        })}
        <br />
        {last === undefined ? t("silent") : <Ago at={last} />}
      </span>
    </>
  );
}
