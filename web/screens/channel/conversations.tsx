import { Button } from "@cloudflare/kumo/components/button";
import { channelMessageInput } from "#domain/channels/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { textIn } from "#web/screens/channel/dead-letters.tsx";
import { channelWords } from "#web/screens/channel/messages.ts";
import { AGAIN_MS, CHANNEL, type Channel } from "#web/screens/channels/traffic.ts";
import { Badge } from "#web/ui/badges.tsx";
import { AreaField, errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Message = Operations["GET /v1/agents/{id}/messages"]["answer"]["items"][number];
type Input = Operations["POST /v1/channels/{id}/messages"]["body"];
/** What a message from a channel says of it (docs/design/channels.md). */
type Said = { channelId?: string; conversationId?: string; from?: unknown };
const PAGE = 100;

const saidIn = ({ body }: Message): Said => (body ?? {}) as Said;

/** What people have said that the agent is not done with, and the way to say something there. */
export function Conversations({ channel: { id, agentId } }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const { may } = usePermissions();
  const say = useMessages(ui);
  const pages = usePages(
    ["message", agentId, "channel", id],
    (cursor) => {
      const query = { limit: PAGE, cursor };
      return api.operation("GET /v1/agents/{id}/messages", { path: { id: agentId }, query });
    },
    [],
    AGAIN_MS,
  );
  const said = (pages.data ?? []).filter(
    (one) => one.kind === "channel" && saidIn(one).channelId === id,
  );
  const known = [...new Set(said.flatMap((one) => saidIn(one).conversationId ?? []))];
  return (
    <div className="grid gap-3">
      <Read query={pages} action="message.read" lines={2}>
        {(lookedAt) => (
          <>
            {said.length > 0 && (
              <Card>
                <ul aria-label={t("conversations")} className="said divide-y divide-kumo-line">
                  {said.map((message) => (
                    <MessageRow key={message.id} message={message} />
                  ))}
                </ul>
              </Card>
            )}
            {said.length === 0 && pages.more === undefined && (
              <p className="text-kumo-subtle">{t("noConversations")}</p>
            )}
            {pages.more !== undefined && (
              <div className="flex flex-wrap items-center gap-3 text-kumo-subtle">
                <span role="status">
                  {t("lookedAt", { count: lookedAt.length, found: said.length })}
                </span>
                <Button size="sm" onClick={pages.more}>
                  {say("more")}
                </Button>
              </div>
            )}
          </>
        )}
      </Read>
      {may("channel.send") && <Say id={id} known={known} />}
    </div>
  );
}

function MessageRow({ message }: { message: Message }) {
  const t = useMessages(channelWords);
  const { conversationId = "", from } = saidIn(message);
  const { name } = (from ?? {}) as { name?: string };
  return (
    <li className="grid gap-1 px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-2">
        {name !== undefined && (
          <span className="font-medium" dir="auto">
            {name}
          </span>
        )}
        <span className="min-w-0 grow" dir="auto">
          {textIn(message.body)}
        </span>
        <Badge tone={message.state === "dead" ? "bad" : "plain"}>{t(`is${message.state}`)}</Badge>
        <Ago at={message.sentAt} className="text-xs" />
      </p>
      <p className="truncate font-mono text-xs text-kumo-subtle">{conversationId}</p>
    </li>
  );
}

/** Says something in a conversation, as the agent would: so one sees that it arrives. */
function Say({ id, known }: { id: string; known: readonly string[] }) {
  const t = useMessages(channelWords);
  const form = useForm({
    name: `say-${id}`,
    first: { conversationId: "", text: "" },
    schema: channelMessageInput,
    inputOf: ({ conversationId, text }): Input => ({
      conversationId: conversationId.trim(),
      body: { text: text.trim() },
    }),
    send: (body: Input, _, once) =>
      api.operation("POST /v1/channels/{id}/messages", {
        path: { id },
        body,
        ...once,
      }),
    done: () => changed(CHANNEL),
  });
  const { values, errors, change } = form;
  return (
    <details className="say">
      <summary className="w-fit py-0.5 text-kumo-subtle hover:text-kumo-link">{t("try")}</summary>
      <FormCard form={form} send={t("say")} sending={t("saying")} className="mt-2">
        <TextField
          id="say-conversation"
          label={t("conversation")}
          hint={t("conversationHint", { id })}
          list="say-known"
          value={values.conversationId}
          onChange={({ target }) => change({ conversationId: target.value })}
          autoComplete="off"
          spellCheck={false}
          error={errorAt(errors, "/conversationId")}
        />
        <datalist id="say-known">
          {known.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <AreaField
          id="say-text"
          label={t("text")}
          rows={3}
          value={values.text}
          onChange={({ target }) => change({ text: target.value })}
          dir="auto"
          error={errorAt(errors, "/body")}
        />
      </FormCard>
    </details>
  );
}
