import type { Unit } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { unitWords } from "#web/screens/unit/messages.ts";
import { LevelBadge, StatusBadge } from "#web/ui/badges.tsx";
import { diffLines } from "#web/ui/diff.ts";
import { Difference } from "#web/ui/difference.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** The versions of a unit, newest first, each with what it changed. */
export function Versions({ unit }: { unit: Unit }) {
  const say = useMessages(ui);
  const pages = usePages(["unit", unit.id, "versions"], (cursor) =>
    api.versions(unit.id, cursor === undefined ? {} : { cursor }),
  );
  return (
    <Read query={pages} action="unit.read">
      {(versions) => (
        <ol className="grid gap-2">
          {versions.map((version, at) => (
            <li key={version.version}>
              <VersionCard version={version} before={versions[at + 1]} />
            </li>
          ))}
          {pages.more !== undefined && (
            <button type="button" className="link justify-self-start" onClick={pages.more}>
              {say("more")}
            </button>
          )}
        </ol>
      )}
    </Read>
  );
}

function VersionCard({ version, before }: { version: Unit; before: Unit | undefined }) {
  const t = useMessages(unitWords);
  const say = useMessages(ui);
  return (
    <Card className="px-4 py-2.5">
      <details>
        <summary className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-medium">{t("numbered", { version: version.version })}</span>
          <LevelBadge level={version.level} />
          <StatusBadge status={version.status} />
          <Ago at={version.createdAt} className="ms-auto text-xs" />
        </summary>
        <h3 className="mt-3 mb-1.5 font-medium">{say("changes")}</h3>
        {before === undefined ? (
          <p className="text-kumo-subtle">{t("firstVersion")}</p>
        ) : (
          <Difference lines={diffLines(textOf(before), textOf(version))} />
        )}
      </details>
    </Card>
  );
}

const textOf = ({ title, tags, body }: Unit): string =>
  `# ${title}\n${tags.length === 0 ? "" : `[${tags.join(", ")}]\n`}\n${body}`;
