import { ArrowRightIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { mapWords } from "#web/screens/map/messages.ts";
import { Bar, Box, Flows, Layer } from "#web/screens/map/parts.tsx";
import { type Collection, type Part, readMap, type SystemMap } from "#web/screens/map/reading.ts";
import { useFormat } from "#web/ui/format.ts";
import { ui } from "#web/ui/messages.ts";
import { Page } from "#web/ui/page.tsx";
import { Allowed, Read } from "#web/ui/states.tsx";
import { taskStates } from "#web/ui/task-messages.ts";

/** What is measured has no events: while somebody looks, it is read again as often as there is something new. */
const AGAIN_MS = { platform: 10_000, account: 60_000 } as const;

/** The parts of the installation and what goes through them; of an account, what is its own. */
export function MapScreen() {
  const t = useMessages(mapWords);
  const map = useQuery({
    queryKey: ["metric", "map"],
    queryFn: readMap,
    refetchInterval: ({ state }) => AGAIN_MS[state.data?.of ?? "account"],
  });
  return (
    <Allowed action="metrics.read">
      <Page title={t("title")} lead={map.data !== undefined && <Lead map={map.data} />}>
        <Read query={map} action="metrics.read" lines={8}>
          {(read) => <Drawing map={read} />}
        </Read>
      </Page>
    </Allowed>
  );
}

function Lead({ map: { of, stretch } }: { map: SystemMap }) {
  const t = useMessages(mapWords);
  const format = useFormat();
  const [from, to] = [format.time(stretch.from), format.time(stretch.to)];
  return (
    <>
      <p>{t(`lead${of}`)}</p>
      <p className="text-xs">{t("measured", { from, to, seconds: AGAIN_MS[of] / 1_000 })}</p>
    </>
  );
}

/** From left to right as a request goes: it comes in, is worked on, and what is kept is kept. */
const COLUMNS: { parts: Part[]; others: ("hosts" | "collections" | "queues" | "region")[] }[] = [
  { parts: ["requests"], others: ["region", "hosts"] },
  { parts: ["objects", "searches", "models", "tasks"], others: [] },
  { parts: ["databases", "messages"], others: ["collections", "queues"] },
];

function Drawing({ map }: { map: SystemMap }) {
  const t = useMessages(mapWords);
  return (
    <div className="system-map grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)_auto_minmax(0,1fr)]">
      {COLUMNS.map(({ parts, others }, at) => (
        <div key={at} className="contents">
          {at > 0 && (
            <ArrowRightIcon
              size={20}
              aria-hidden="true"
              className="mx-auto mt-12 text-kumo-inactive max-lg:mt-0 max-lg:rotate-90 rtl:max-lg:rotate-90 lg:rtl:-scale-x-100"
            />
          )}
          <div className="grid min-w-0 gap-4">
            {parts.map((part) => {
              const flows = map.flows[part];
              return (
                flows !== undefined && (
                  <Layer key={part} title={t(part)}>
                    <Flows flows={flows} />
                    {part === "objects" && (
                      <p className="mt-2 px-1 text-xs text-kumo-subtle">{t("objectsWait")}</p>
                    )}
                  </Layer>
                )
              );
            })}
            {others.includes("collections") && <CollectionLayer />}
            {others.includes("queues") && <QueueLayer />}
            {others.includes("hosts") && map.hosts.length > 0 && <HostLayer hosts={map.hosts} />}
            {others.includes("region") && <RegionLayer />}
          </div>
        </div>
      ))}
    </div>
  );
}

function HostLayer({ hosts }: Pick<SystemMap, "hosts">) {
  const t = useMessages(mapWords);
  const format = useFormat();
  const shares = hosts.flatMap(({ share, levels }) =>
    levels.map(({ name, value }) => ({ name, share, value })),
  );
  return (
    <Layer title={t("hosts")}>
      <ul className="grid gap-2">
        {[...Map.groupBy(shares, ({ name }) => name)].map(([name, members]) => (
          <Box key={name} name={name}>
            <ul className="mt-1 grid gap-2">
              {members.map(({ share, value }) => (
                <li key={share}>
                  <p className="flex justify-between gap-3">
                    {t(`share${share}`)}{" "}
                    <span className="tabular-nums">{format.percent(value)}</span>
                  </p>
                  <Bar share={value} />
                </li>
              ))}
            </ul>
          </Box>
        ))}
      </ul>
    </Layer>
  );
}

function RegionLayer() {
  const t = useMessages(mapWords);
  const { may } = usePermissions();
  const account = useQuery({
    queryKey: ["account", "region"],
    queryFn: () => api.operation("GET /v1/account"),
    enabled: may("account.read"),
  });
  if (account.data === undefined) return null;
  return (
    <Layer title={t("region")}>
      <ul>
        <Box name={account.data.name}>
          <p>{account.data.region ?? t("noRegion")}</p>
        </Box>
      </ul>
    </Layer>
  );
}

function CollectionLayer() {
  const t = useMessages(mapWords);
  const { may } = usePermissions();
  const collections = useQuery({
    queryKey: ["unit", "collections"],
    queryFn: () => api.collections(),
    enabled: may("collection.read"),
  });
  if (!may("collection.read")) return null;
  return (
    <Layer title={t("collections")}>
      <Read query={collections} action="collection.read" lines={2}>
        {({ items }) => (
          <ul className="grid gap-2">
            {items.map((collection) => (
              <CollectionBox key={collection.visibility} collection={collection} />
            ))}
          </ul>
        )}
      </Read>
    </Layer>
  );
}

function CollectionBox({ collection: { visibility, space, shards } }: { collection: Collection }) {
  const t = useMessages(mapWords);
  const say = useMessages(ui);
  const format = useFormat();
  const { leaves, units, passages, splitting, recall, unanswered } = shards;
  return (
    <Box name={`${say(visibility)} · ${space}`}>
      <p>{t("leaves", { leaves, units, passages })}</p>
      <p className="flex flex-wrap gap-x-3 text-xs text-kumo-subtle empty:hidden">
        {splitting > 0 && <span>{t("splitting", { count: splitting })}</span>}
        {recall !== null && <span>{t("recall", { share: format.percent(recall.share) })}</span>}
        {unanswered > 0 && (
          <span className="text-kumo-danger">{t("unanswered", { count: unanswered })}</span>
        )}
      </p>
    </Box>
  );
}

function QueueLayer() {
  const t = useMessages(mapWords);
  const say = useMessages(taskStates);
  const { may } = usePermissions();
  const queues = useQuery({
    queryKey: ["queue"],
    queryFn: () => api.operation("GET /v1/queues"),
    meta: { live: ["task"] },
    enabled: may("queue.read"),
  });
  if (!may("queue.read")) return null;
  return (
    <Layer title={t("queues")}>
      <Read query={queues} action="queue.read" lines={2}>
        {({ items }) => (
          <ul className="grid gap-2">
            {items.map(({ pool, waiting, leased }) => (
              <Box key={pool} name={pool}>
                <p>
                  <Link to="/queues" className="hover:text-kumo-link">
                    {say(`pool${pool}`)}
                  </Link>
                </p>
                <p className="text-kumo-subtle">{t("depth", { waiting, leased })}</p>
              </Box>
            ))}
          </ul>
        )}
      </Read>
    </Layer>
  );
}
