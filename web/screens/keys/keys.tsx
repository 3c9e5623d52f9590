import { Button } from "@cloudflare/kumo/components/button";
import { KeyIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Session } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { KeyRow, type Made } from "#web/screens/keys/key.tsx";
import { MakeKey } from "#web/screens/keys/make.tsx";
import { keyWords } from "#web/screens/keys/messages.ts";
import { PAGE, useReach } from "#web/screens/keys/reach.ts";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";

const ROW_PX = 92;

/** The API keys of the account; whoever runs it sees everybody's. */
export function Keys() {
  const t = useMessages(keyWords);
  const { may } = usePermissions();
  // In the address, so that whoever is sent to prove a second factor comes back to what they began.
  const isMaking = useSearch({ from: "/keys" }).make === true;
  const navigate = useNavigate();
  const setMaking = (makes: boolean) =>
    void navigate({ to: "/keys", search: makes ? { make: true } : {}, replace: !makes });
  const [made, setMade] = useState<Made | null>(null);
  const session = useQuery({
    queryKey: ["session"],
    queryFn: () => api.operation("GET /v1/sessions/current"),
  });
  const take = (next: Made) => {
    setMade(next);
    setMaking(false);
  };
  return (
    <Allowed action="key.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("key.make") &&
          !isMaking && (
            <Button variant="primary" onClick={() => setMaking(true)}>
              {t("make")}
            </Button>
          )
        }
      >
        <Read query={session} action="session.read">
          {(who) => (
            <>
              {made !== null && (
                <div className="mb-4">
                  <ShownOnce key={made.id} secret={made.apiKey} name={made.name} />
                </div>
              )}
              {isMaking && (
                <MakeKey scopes={who.scopes} take={take} close={() => setMaking(false)} />
              )}
              <KeyList session={who} take={take} />
            </>
          )}
        </Read>
      </Page>
    </Allowed>
  );
}

function KeyList({ session, take }: { session: Session; take(made: Made): void }) {
  const t = useMessages(keyWords);
  const pages = usePages(
    ["key", "list"],
    (cursor) => api.operation("GET /v1/keys", { query: { limit: PAGE, cursor } }),
    // Keys have no events of their own; making, rotating and revoking them is recorded.
    ["audit"],
  );
  const isInReach = useReach(session);
  return (
    <Read query={pages} action="key.read" lines={6}>
      {(keys) =>
        keys.length === 0 ? (
          <Empty icon={<KeyIcon size={32} />} title={t("none")}>
            {t("noneDetail")}
          </Empty>
        ) : (
          <LongList
            items={keys}
            keyOf={({ id }) => id}
            rowHeight={ROW_PX}
            row={(key) => (
              <KeyRow
                apiKey={key}
                keys={keys}
                session={session}
                isInReach={isInReach}
                take={take}
              />
            )}
            more={pages.more}
            label={t("title")}
          />
        )
      }
    </Read>
  );
}
