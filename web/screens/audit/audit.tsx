import { ShieldCheckIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { api, BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { useEntries } from "#web/screens/audit/entries.ts";
import { EntryRow } from "#web/screens/audit/entry.tsx";
import { AuditFilter } from "#web/screens/audit/filter.tsx";
import { auditWords } from "#web/screens/audit/messages.ts";
import { Verifying } from "#web/screens/audit/verification.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { Allowed, Empty, Read, Skeleton } from "#web/ui/states.tsx";

const ROW_PX = 44;

/** The account's audit log, and the proof that it is what was written. */
export function Audit() {
  const t = useMessages(auditWords);
  const { may } = usePermissions();
  const asked = useSearch({ from: "/audit" });
  const session = useQuery({
    queryKey: ["session"],
    queryFn: () => api.operation("GET /v1/sessions/current"),
  });
  return (
    <Allowed action="audit.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("audit.export") && (
            <a href={`${BASE}v1/audit/export`} download="audit.ndjson" className="link self-center">
              {t("download")}
            </a>
          )
        }
      >
        <Read query={session} action="session.read">
          {({ accountId }) => (
            <>
              <Verifying accountId={accountId} />
              <AuditFilter key={JSON.stringify(asked)} asked={asked} />
              <div className="mt-4">
                <Entries accountId={accountId} />
              </div>
            </>
          )}
        </Read>
      </Page>
    </Allowed>
  );
}

function Entries({ accountId }: { accountId: string }) {
  const t = useMessages(auditWords);
  const asked = useSearch({ from: "/audit" });
  const entries = useEntries(asked);
  const isNarrowed = Object.values(asked).some((each) => each !== undefined);
  return (
    <Read query={entries} action="audit.read" lines={8}>
      {(items) => {
        // A page may be empty before the end: the list goes on by itself.
        if (items.length > 0 || entries.more !== undefined)
          return (
            <>
              <LongList
                items={items}
                keyOf={({ seq }) => String(seq)}
                rowHeight={ROW_PX}
                row={(entry) => <EntryRow entry={entry} accountId={accountId} />}
                more={entries.more}
                label={t("title")}
              />
              {items.length === 0 && <Skeleton />}
            </>
          );
        return (
          <Empty icon={<ShieldCheckIcon size={32} />} title={t(isNarrowed ? "noneFit" : "none")} />
        );
      }}
    </Read>
  );
}
