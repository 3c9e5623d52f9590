import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Unit } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { Ladder } from "#web/screens/unit/ladder.tsx";
import { Links } from "#web/screens/unit/links.tsx";
import { unitWords } from "#web/screens/unit/messages.ts";
import { Uses } from "#web/screens/unit/uses.tsx";
import { Versions } from "#web/screens/unit/versions.tsx";
import { Badge, LevelBadge, StatusBadge } from "#web/ui/badges.tsx";
import { Checks, useEvidence } from "#web/ui/evidence.tsx";
import { Markdown } from "#web/ui/prose.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** A unit: what it says, and why one may believe it. */
export function UnitScreen() {
  const t = useMessages(unitWords);
  const { id } = useParams({ from: "/unit/$id" });
  const query = useQuery({ queryKey: ["unit", id], queryFn: () => api.getUnit(id) });
  const { data } = query;
  return (
    <Page
      title={data?.title ?? t("unit")}
      lead={
        data !== undefined && (
          <p className="flex flex-wrap items-center gap-2">
            <LevelBadge level={data.level} />
            <StatusBadge status={data.status} />
            <Ago at={data.updatedAt} />
          </p>
        )
      }
    >
      <Read query={query} action="unit.read" lines={8}>
        {(unit) => <Whole unit={unit} />}
      </Read>
    </Page>
  );
}

function Whole({ unit }: { unit: Unit }) {
  const t = useMessages(unitWords);
  const evidence = useEvidence(unit.id);
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        {unit.withheld === true && (
          <p className="mb-4 rounded-lg bg-(--warm) px-4 py-2 text-kumo-warning">{t("withheld")}</p>
        )}
        <Card className="px-6 py-5">
          <Markdown text={unit.body} language={unit.language} />
        </Card>
        <Sources unit={unit} />
        <Links unit={unit} />
        <Uses id={unit.id} />
        <Section title={t("versions")}>
          <Versions unit={unit} />
        </Section>
      </div>
      <div className="min-w-0">
        <Section title={t("ladder")} className="lg:mt-0">
          <Ladder level={unit.level} />
        </Section>
        <Section title={t("checks")}>
          <Read query={evidence} action="unit.read">
            {(read) => <Checks evidence={read} />}
          </Read>
        </Section>
        <Section title={t("facts")}>
          <Facts unit={unit} />
        </Section>
      </div>
    </div>
  );
}

function Facts({ unit }: { unit: Unit }) {
  const t = useMessages(unitWords);
  const say = useMessages(ui);
  const rows: [string, React.ReactNode][] = [
    [t("visibility"), say(unit.visibility)],
    [t("kind"), unit.kind],
    [t("language"), unit.language],
    [t("version"), unit.version],
    [t("updated"), <Ago key="at" at={unit.updatedAt} />],
    ...unit.appliesTo.map(({ subject, versions = "" }): [string, string] => [
      t("appliesTo"),
      `${subject} ${versions}`,
    ]),
    [
      t("contentId"),
      <code key="cid" className="font-mono text-xs">
        {unit.cid}
      </code>,
    ],
  ];
  return (
    <>
      <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-4 gap-y-2">
        {rows.map(([name, value], at) => (
          <div key={at} className="contents">
            <dt className="text-kumo-subtle">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {unit.tags.length > 0 && (
        <ul aria-label={t("tags")} className="mt-3 flex flex-wrap gap-1.5">
          {unit.tags.map((tag) => (
            <li key={tag} className="max-w-full">
              <Badge tone="plain">{tag}</Badge>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Sources({ unit }: { unit: Unit }) {
  const t = useMessages(unitWords);
  return (
    <Section title={t("sources")}>
      {unit.sources.length === 0 && <p className="text-kumo-subtle">{t("noSources")}</p>}
      <ul className="grid gap-3">
        {unit.sources.map((source, at) => (
          <li key={at}>
            <SourceName source={source} />
            {source.quote !== undefined && (
              <blockquote
                className="mt-1 border-s-2 border-kumo-line ps-3 text-kumo-subtle"
                dir="auto"
              >
                {source.quote}
              </blockquote>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function SourceName({ source: { url, doi, title } }: { source: Unit["sources"][number] }) {
  const address = url ?? (doi === undefined ? undefined : `https://doi.org/${doi}`);
  const name = title ?? address ?? "";
  if (address === undefined || !/^https?:\/\//.test(address)) return name;
  return (
    <a href={address} rel="noopener noreferrer" target="_blank" className="link">
      {name}
    </a>
  );
}
