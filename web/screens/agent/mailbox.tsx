import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { AGAIN_MS } from "#web/screens/agent/now.tsx";
import { AgentName } from "#web/ui/agent-name.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { ChoiceFilter } from "#web/ui/filter.tsx";
import { LongList } from "#web/ui/list.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Message = Operations["GET /v1/agents/{id}/messages"]["answer"]["items"][number];
type State = Message["state"];
const STATES: readonly State[] = ["waiting", "leased", "dead"];
const TOUCHED = new Set(["message", "agent"]);
const PAGE = 50;

/** What lies in its mailbox, by conversation and state; dead letters can be put back. */
export function Mailbox({ id }: { id: string }) {
  const t = useMessages(agentWords);
  const [state, setState] = useState<State | undefined>();
  const pages = usePages(
    ["message", id, state ?? "all"],
    (cursor) =>
      api.operation("GET /v1/agents/{id}/messages", {
        path: { id },
        query: { limit: PAGE, cursor, state },
      }),
    ["agent", "task"],
    AGAIN_MS,
  );
  return (
    <div className="grid gap-3">
      <div>
        <ChoiceFilter
          id="mailbox-state"
          label={t("messageState")}
          any={t("anyState")}
          value={state}
          options={STATES.map((each) => [each, t(`is${each}`)])}
          onChoose={(chosen) => setState(STATES.find((each) => each === chosen))}
        />
      </div>
      <Read query={pages} action="message.read" lines={2}>
        {(messages) =>
          messages.length === 0 ? (
            <p className="text-kumo-subtle">{t("noMessages")}</p>
          ) : (
            <LongList
              items={messages}
              keyOf={(message) => message.id}
              row={(message) => <MessageRow message={message} />}
              more={pages.more}
              label={t("mailbox")}
            />
          )
        }
      </Read>
      {pages.data?.some((message) => message.state === "dead") === true && <Redrive id={id} />}
    </div>
  );
}

function MessageRow({ message }: { message: Message }) {
  const t = useMessages(agentWords);
  const { kind, from, state, sentAt, attempts, conversationId, cause, reason, body } = message;
  return (
    <details className="message">
      <summary className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-mono text-xs font-medium">{kind}</span>
        <span className="min-w-0 grow truncate text-kumo-subtle" dir="auto">
          {textOf(body)}
        </span>
        {attempts > 0 && (
          <span className="text-xs text-kumo-subtle">{t("attempts", { count: attempts })}</span>
        )}
        <Badge tone={state === "dead" ? "bad" : state === "leased" ? "busy" : "plain"}>
          {t(`is${state}`)}
        </Badge>
        <Ago at={sentAt} className="text-xs" />
      </summary>
      <div className="mt-2 grid gap-2">
        {cause !== null && (
          <p className="text-kumo-danger" dir="auto">
            {t(`cause${cause}`)}
            {reason !== null && ` · ${reason}`}
          </p>
        )}
        <p className="text-kumo-subtle">
          {t("from")}{" "}
          {from.agentId === undefined ? (
            <span className="font-mono text-xs">{from.accountId}</span>
          ) : (
            <AgentName id={from.agentId} />
          )}
          {conversationId !== null && (
            <span className="ms-3 font-mono text-xs">{conversationId}</span>
          )}
        </p>
        <pre
          tabIndex={0}
          role="region"
          aria-label={message.id}
          className="max-h-96 overflow-auto rounded-lg bg-kumo-recessed p-3 font-mono text-xs"
        >
          {JSON.stringify(body, null, 2)}
        </pre>
      </div>
    </details>
  );
}

/** What a message says, where that is a text; otherwise all of it. */
function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  const { text } = (body ?? {}) as { text?: unknown };
  return typeof text === "string" ? text : JSON.stringify(body);
}

function Redrive({ id }: { id: string }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const redrive = useMutation({
    mutationFn: () =>
      api.operation("POST /v1/agents/{id}/messages/redrive", { path: { id }, body: {} }),
    onSuccess: () => changed(TOUCHED),
  });
  if (!may("message.receive")) return null;
  return (
    <div className="grid gap-2">
      <Button
        className="justify-self-start"
        disabled={redrive.isPending}
        onClick={() => redrive.mutate()}
      >
        {t("redrive")}
      </Button>
      {redrive.error !== null && <Failure error={redrive.error} />}
    </div>
  );
}
