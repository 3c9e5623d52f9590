import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { TextField } from "#web/ui/form.tsx";
import { Card } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Key = Operations["GET /v1/agents/{id}/keys"]["answer"]["items"][number];
/** What an agent needs to take work and to look up and publish what it knows. */
const SCOPES: Operations["POST /v1/agents/{id}/keys"]["body"]["scopes"] = [
  "search",
  "units:read",
  "units:write",
  "agents",
  "tasks",
];
const ACTIVE = new Set(["agent"]);

/** The keys that act as an agent; a new one is shown once. */
export function Keys({ agentId }: { agentId: string }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const [name, setName] = useState("");
  const path = { id: agentId };
  const pages = usePages(["agent", agentId, "keys"], (cursor) =>
    api.operation("GET /v1/agents/{id}/keys", { path, query: { cursor } }),
  );
  const make = useMutation({
    mutationFn: () =>
      api.operation("POST /v1/agents/{id}/keys", {
        path,
        body: { name: name.trim(), scopes: SCOPES },
      }),
    onSuccess: () => {
      setName("");
      changed(ACTIVE);
    },
  });
  return (
    <Card className="grid gap-4 p-5">
      <Read query={pages} action="agent-key.read" lines={2}>
        {(keys) =>
          keys.length === 0 ? (
            <p className="text-kumo-subtle">{t("noKeys")}</p>
          ) : (
            <ul className="divide-y divide-kumo-line">
              {keys.map((key) => (
                <KeyRow key={key.id} agentId={agentId} apiKey={key} />
              ))}
            </ul>
          )
        }
      </Read>
      {make.data !== undefined && <ShownOnce key={make.data.id} secret={make.data.apiKey} />}
      {may("agent-key.make") && (
        <form
          className="flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (!make.isPending && name.trim() !== "") make.mutate();
          }}
        >
          <div className="grow">
            <TextField
              id="key-name"
              label={t("keyName")}
              value={name}
              maxLength={100}
              onChange={({ target }) => setName(target.value)}
              autoComplete="off"
            />
          </div>
          <Button type="submit" disabled={make.isPending || name.trim() === ""}>
            {t("makeKey")}
          </Button>
        </form>
      )}
      {make.error !== null && <Failure error={make.error} />}
    </Card>
  );
}

function KeyRow({ agentId, apiKey }: { agentId: string; apiKey: Key }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const revoke = useMutation({
    mutationFn: () =>
      api.operation("DELETE /v1/agents/{id}/keys/{keyId}", {
        path: { id: agentId, keyId: apiKey.id },
      }),
    onSuccess: () => changed(ACTIVE),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 first:pt-0">
      <span className="grow font-medium">{apiKey.name}</span>
      <span className="font-mono text-xs text-kumo-subtle">{apiKey.id}</span>
      {apiKey.lastUsedAt === null ? (
        <span className="text-xs text-kumo-subtle">{t("neverUsed")}</span>
      ) : (
        <Ago at={apiKey.lastUsedAt} className="text-xs" />
      )}
      {may("agent-key.revoke") && (
        <Button
          size="sm"
          variant="secondary-destructive"
          disabled={revoke.isPending}
          onClick={() => revoke.mutate()}
        >
          {t("revoke")}
        </Button>
      )}
      {revoke.error !== null && <Failure error={revoke.error} />}
    </li>
  );
}
