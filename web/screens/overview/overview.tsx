import { Button } from "@cloudflare/kumo/components/button";
import { BooksIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { UnitPage } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { overview } from "#web/screens/overview/messages.ts";
import { Glance } from "#web/screens/overview/glance.tsx";
import { Happening } from "#web/screens/overview/happening.tsx";
import { Workers } from "#web/screens/overview/workers.tsx";
import { LevelBadge, StatusBadge } from "#web/ui/badges.tsx";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { SearchBox } from "#web/ui/search-box.tsx";
import { Empty, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const LATEST = 8;

/** What is known here, who is working, what it costs, what is wrong, and what just happened. */
export function Overview() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  const latest = useQuery({
    queryKey: ["unit", "latest"],
    queryFn: () => api.listUnits({ limit: LATEST }),
    enabled: may("unit.read"),
  });
  return (
    <Page title={t("title")} lead={t("lead")}>
      {may("unit.search") && <Ask />}
      <Glance />
      <div className="grid gap-x-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        {may("unit.read") && (
          <Section title={t("latest")}>
            <Read query={latest} action="unit.read">
              {(page) => <Latest page={page} />}
            </Read>
          </Section>
        )}
        <div>
          {may("task.show") && (
            <Section title={t("atWork")}>
              <Workers />
            </Section>
          )}
          {may("topic.read") && (
            <Section title={t("happening")}>
              <Happening />
            </Section>
          )}
        </div>
      </div>
    </Page>
  );
}

function Ask() {
  const t = useMessages(overview);
  const navigate = useNavigate();
  const ask = (q: string) => void navigate({ to: "/search", search: { q } });
  return (
    <div>
      <SearchBox label={t("ask")} placeholder={t("placeholder")} button={t("search")} ask={ask} />
      <p className="mt-3 flex flex-wrap items-center gap-2 text-kumo-subtle">
        {t("tryOne")}
        {(["exampleOne", "exampleTwo"] as const).map((example) => (
          <button
            key={example}
            type="button"
            onClick={() => ask(t(example))}
            className="rounded-full border border-kumo-line bg-kumo-base px-3 py-1 text-start text-kumo-strong hover:border-kumo-interact"
          >
            {t(example)}
          </button>
        ))}
      </p>
    </div>
  );
}

function Latest({ page }: { page: UnitPage }) {
  const t = useMessages(overview);
  const navigate = useNavigate();
  if (page.items.length === 0)
    return (
      <Empty icon={<BooksIcon size={32} />} title={t("none")}>
        <p>{t("publishFirst")}</p>
        <Button
          variant="primary"
          className="mx-auto mt-4"
          onClick={() => void navigate({ to: "/publish" })}
        >
          {t("publish")}
        </Button>
      </Empty>
    );
  return (
    <Card>
      <ul className="divide-y divide-kumo-line">
        {page.items.map((unit) => (
          <li
            key={unit.id}
            className="flex items-center gap-x-3 gap-y-1 px-4 py-2 max-sm:flex-wrap"
          >
            <Link
              to="/unit/$id"
              params={{ id: unit.id }}
              className="min-w-0 flex-1 truncate font-medium hover:text-kumo-link max-sm:basis-full max-sm:whitespace-normal"
              dir="auto"
            >
              {unit.title}
            </Link>
            <LevelBadge level={unit.level} />
            <StatusBadge status={unit.status} />
            <Ago at={unit.updatedAt} className="flex-none text-xs sm:min-w-24 sm:text-end" />
          </li>
        ))}
      </ul>
    </Card>
  );
}
