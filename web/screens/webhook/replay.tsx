import { useState } from "react";
import { replayInput } from "#domain/webhooks/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { webhookWords } from "#web/screens/webhook/messages.ts";
import { WEBHOOK } from "#web/screens/webhooks/hook-badge.tsx";
import { ChoiceField, errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { fromLocal } from "#web/ui/local-time.ts";

type Input = Operations["POST /v1/webhooks/{id}/replay"]["body"];
type Values = { by: "time" | "delivery"; at: string; delivery: string };
const BLANK: Values = { by: "time", at: "", delivery: "" };

/** Sends again what came since a time, or since one delivery. */
export function Replay({ id }: { id: string }) {
  const t = useMessages(webhookWords);
  const [isDone, setDone] = useState(false);
  const form = useForm({
    name: `replay-${id}`,
    first: BLANK,
    schema: replayInput,
    inputOf: ({ by, at, delivery }): Input => ({
      from: by === "time" ? fromLocal(at) : delivery.trim(),
    }),
    send: (body: Input, _, once) => {
      setDone(false);
      return api.operation("POST /v1/webhooks/{id}/replay", {
        path: { id },
        body,
        ...once,
      });
    },
    done: () => {
      setDone(true);
      changed(WEBHOOK);
    },
  });
  return (
    <FormCard
      form={form}
      send={t("replaySend")}
      sending={t("replaying")}
      beside={
        <span role="status" className="text-kumo-subtle">
          {isDone && t("replayed")}
        </span>
      }
    >
      <p className="text-kumo-subtle">{t("replayLead")}</p>
      <From values={form.values} errors={form.errors} change={form.change} />
    </FormCard>
  );
}

function From({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(webhookWords);
  const error = errorAt(errors, "/from");
  return (
    <>
      <ChoiceField
        id="replay-by"
        label={t("replayBy")}
        value={values.by}
        options={(["time", "delivery"] as const).map((value) => ({
          value,
          label: t(`replay${value}`),
        }))}
        onChoose={(by) => change({ by })}
      />
      {values.by === "time" ? (
        <TextField
          id="replay-from"
          type="datetime-local"
          label={t("at")}
          value={values.at}
          onChange={({ target }) => change({ at: target.value })}
          error={error === undefined ? undefined : t("noTime")}
        />
      ) : (
        <TextField
          id="replay-from"
          label={t("deliveryId")}
          placeholder="evt_…"
          value={values.delivery}
          onChange={({ target }) => change({ delivery: target.value })}
          autoComplete="off"
          spellCheck={false}
          error={error}
        />
      )}
    </>
  );
}
