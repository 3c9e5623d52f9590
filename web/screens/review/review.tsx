import { SealCheckIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Unit } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { Change } from "#web/screens/review/change.tsx";
import { reviewWords } from "#web/screens/review/messages.ts";
import { LevelBadge, StatusBadge } from "#web/ui/badges.tsx";
import { Checks, useEvidence } from "#web/ui/evidence.tsx";
import { ChoiceFilter } from "#web/ui/filter.tsx";
import { LongList } from "#web/ui/list.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const PAGE = 100;
const ON_THE_WAY_SHOWN = 10;
const ROW_PX = 132;
const VISIBILITIES = ["private", "public"] as const;

/** The units of the account that wait for their verification, or did not pass it. */
export function Review() {
  const t = useMessages(reviewWords);
  const say = useMessages(ui);
  const navigate = useNavigate();
  const asked = useSearch({ from: "/review" });
  const visibility = VISIBILITIES.find((each) => each === asked.visibility);
  return (
    <Allowed action="unit.read">
      <Page title={t("title")} lead={t("lead")}>
        <ChoiceFilter
          id="review-visibility"
          label={t("visibility")}
          any={t("any")}
          value={visibility}
          options={VISIBILITIES.map((each) => [each, say(each)])}
          onChoose={(chosen) =>
            void navigate({ to: "/review", search: { visibility: chosen }, replace: true })
          }
        />
        <Section title={t("onTheWay")} className="mt-5">
          <OnTheWay visibility={visibility} />
        </Section>
        <Section title={t("refused")}>
          <Refused visibility={visibility} />
        </Section>
      </Page>
    </Allowed>
  );
}

type Props = { visibility: (typeof VISIBILITIES)[number] | undefined };

function OnTheWay({ visibility }: Props) {
  const t = useMessages(reviewWords);
  const { may } = usePermissions();
  const waiting = useQuery({
    queryKey: ["unit", "on-the-way", visibility],
    queryFn: async () => {
      const of = async (status: Unit["status"]) =>
        (
          await api.operation("GET /v1/units", {
            query: { status, visibility, limit: ON_THE_WAY_SHOWN },
          })
        ).items;
      const found = await Promise.all([of("pending"), of("verifying")]);
      return found.flat();
    },
  });
  return (
    <Read query={waiting} action="unit.read" lines={2}>
      {(units) => (
        <>
          {units.length === 0 ? (
            <p className="text-kumo-subtle">{t("noneOnTheWay")}</p>
          ) : (
            <Card>
              <ul aria-label={t("onTheWay")} className="divide-y divide-kumo-line">
                {units.map((unit) => (
                  <li key={unit.id} className="flex flex-wrap items-center gap-3 px-4 py-2">
                    <Title unit={unit} />
                    <StatusBadge status={unit.status} />
                    <Ago at={unit.updatedAt} className="text-xs" />
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {may("queue.read") && may("dead-letter.read") && (
            <p className="mt-2 text-kumo-subtle">
              {t("stuck")}{" "}
              <Link to="/queues" className="link">
                {t("toQueues")}
              </Link>
            </p>
          )}
        </>
      )}
    </Read>
  );
}

function Refused({ visibility }: Props) {
  const t = useMessages(reviewWords);
  const pages = usePages(["unit", "refused", visibility], (cursor) =>
    api.operation("GET /v1/units", {
      query: { status: "rejected", visibility, limit: PAGE, cursor },
    }),
  );
  return (
    <Read query={pages} action="unit.read" lines={6}>
      {(units) =>
        units.length === 0 ? (
          <Empty icon={<SealCheckIcon size={32} />} title={t("none")}>
            {t("noneDetail")}
          </Empty>
        ) : (
          <LongList
            items={units}
            keyOf={({ id }) => id}
            rowHeight={ROW_PX}
            row={(unit) => <RefusedRow unit={unit} />}
            more={pages.more}
            label={t("refused")}
          />
        )
      }
    </Read>
  );
}

function Title({ unit: { id, title } }: { unit: Unit }) {
  return (
    <Link
      to="/unit/$id"
      params={{ id }}
      className="min-w-0 grow font-medium hover:text-kumo-link max-sm:basis-full"
      dir="auto"
    >
      {title}
    </Link>
  );
}

function RefusedRow({ unit }: { unit: Unit }) {
  const t = useMessages(reviewWords);
  const evidence = useEvidence(unit.id);
  return (
    <div className="refused grid gap-2 py-1">
      <div className="flex flex-wrap items-center gap-3">
        <Title unit={unit} />
        <LevelBadge level={unit.level} />
        <Ago at={unit.updatedAt} className="text-xs" />
        <Change unit={unit} />
      </div>
      <Read query={evidence} action="unit.read" lines={1}>
        {(read) => {
          const failed = read.checks.filter(({ verdict }) => verdict === "fail");
          return (
            <section aria-label={`${t("failing")}: ${unit.title}`}>
              <Checks evidence={{ ...read, checks: failed }} />
            </section>
          );
        }}
      </Read>
    </div>
  );
}
