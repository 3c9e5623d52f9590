import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { webhookInput } from "#domain/webhooks/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { WEBHOOK } from "#web/screens/webhooks/hook-badge.tsx";
import { webhookListWords } from "#web/screens/webhooks/messages.ts";
import { errorAt, type FieldsOf, TextField, TickField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { Card, Page } from "#web/ui/page.tsx";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Allowed } from "#web/ui/states.tsx";
import { listOf } from "#web/ui/typed.ts";

type Input = Operations["POST /v1/webhooks"]["body"];
type Made = Operations["POST /v1/webhooks"]["answer"];
const BLANK = { url: "", events: "*", description: "", ordered: false };
type Values = typeof BLANK;

/** Has the account's events sent to an address. */
export function AddWebhook() {
  const t = useMessages(webhookListWords);
  const [made, setMade] = useState<Made | null>(null);
  const form = useForm({
    name: "add-webhook",
    first: BLANK,
    schema: webhookInput,
    inputOf: ({ url, events, description, ordered }): Input => ({
      url: url.trim(),
      events: listOf(events),
      description: description.trim(),
      ordered,
    }),
    send: (body: Input, _, once) => api.operation("POST /v1/webhooks", { body, ...once }),
    done: (answer) => {
      changed(WEBHOOK);
      setMade(answer);
    },
  });
  return (
    <Allowed action="webhook.change">
      <Page title={t(made === null ? "add" : "added")}>
        {made === null ? (
          <FormCard form={form} send={t("send")} sending={t("sending")} className="max-w-2xl">
            <Fields values={form.values} errors={form.errors} change={form.change} />
          </FormCard>
        ) : (
          <Card className="grid max-w-2xl gap-4 p-5">
            <p className="font-mono text-xs break-all">{made.url}</p>
            <ShownOnce secret={made.secret} name={t("secretName")} />
            <Link to="/webhook/$id" params={{ id: made.id }} className="link justify-self-start">
              {t("toWebhook")}
            </Link>
          </Card>
        )}
      </Page>
    </Allowed>
  );
}

function Fields({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(webhookListWords);
  return (
    <>
      <TextField
        id="webhook-url"
        type="url"
        label={t("url")}
        placeholder="https://"
        value={values.url}
        onChange={({ target }) => change({ url: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/url")}
      />
      <TextField
        id="webhook-events"
        label={t("events")}
        hint={t("eventsHint")}
        value={values.events}
        onChange={({ target }) => change({ events: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={errorAt(errors, "/events")}
      />
      <TextField
        id="webhook-description"
        label={t("description")}
        value={values.description}
        onChange={({ target }) => change({ description: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/description")}
      />
      <TickField
        id="webhook-ordered"
        label={t("ordered")}
        isOn={values.ordered}
        onTick={(ordered) => change({ ordered })}
      />
    </>
  );
}
