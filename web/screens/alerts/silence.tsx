import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { silenceInput } from "#domain/alerts/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { AGAIN_MS, ALERT } from "#web/screens/alerts/values.ts";
import { Labels } from "#web/ui/badges.tsx";
import { ChoiceField, errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Failure, Read } from "#web/ui/states.tsx";

type Input = Operations["POST /v1/alerts/silences"]["body"];
type Silence = Operations["GET /v1/alerts/silences"]["answer"]["items"][number];
type Of = { rule: string; labels: Record<string, string> };

const HOURS = ["1", "4", "24", "168"] as const;
const HOUR_MS = 3_600_000;

/** Has nobody told of a rule's alerts for a while; with labels, only of what has them. */
export function SilenceButton({ rule, labels }: Of) {
  const t = useMessages(alertWords);
  const { may } = usePermissions();
  const [isOpen, setOpen] = useState(false);
  if (!may("alert.change")) return null;
  const close = () => setOpen(false);
  return (
    <>
      <Button size="sm" aria-label={t("silenceOf", { rule })} onClick={() => setOpen(true)}>
        {t("silence")}
      </Button>
      <Asked title={t("silenceOf", { rule })} isOpen={isOpen} close={close}>
        <SilenceForm rule={rule} labels={labels} close={close} />
      </Asked>
    </>
  );
}

function SilenceForm({ rule, labels, close }: Of & { close(): void }) {
  const t = useMessages(alertWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: `silence-${rule}`,
    first: { hours: "1" as (typeof HOURS)[number], reason: "" },
    schema: silenceInput,
    inputOf: ({ hours, reason }): Input => ({
      rule,
      labels,
      reason: reason.trim(),
      until: new Date(Date.now() + Number(hours) * HOUR_MS).toISOString(),
    }),
    send: (body: Input, _, once) => api.operation("POST /v1/alerts/silences", { body, ...once }),
    done: () => {
      changed(ALERT);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("silenceLead")}</p>
      <ChoiceField
        id="silence-hours"
        label={t("howLong")}
        value={values.hours}
        options={HOURS.map((value) => ({ value, label: t("hours", { n: Number(value) }) }))}
        onChoose={(hours) => change({ hours })}
        error={errorAt(errors, "/until")}
      />
      <TextField
        id="silence-reason"
        label={t("reason")}
        value={values.reason}
        onChange={({ target }) => change({ reason: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/reason")}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("silence")} />
    </form>
  );
}

/** The silences in force or still to come. */
export function Silences() {
  const t = useMessages(alertWords);
  const silences = useQuery({
    queryKey: ["alert", "silences"],
    queryFn: () => api.operation("GET /v1/alerts/silences"),
    refetchInterval: AGAIN_MS,
  });
  return (
    <Read query={silences} action="alert.read" lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="text-kumo-subtle">{t("noSilences")}</p>
        ) : (
          <Card>
            <ul aria-label={t("silences")} className="silences divide-y divide-kumo-line">
              {items.map((silence) => (
                <SilenceRow key={silence.id} silence={silence} />
              ))}
            </ul>
          </Card>
        )
      }
    </Read>
  );
}

function SilenceRow({ silence: { id, rule, labels, until, reason } }: { silence: Silence }) {
  const t = useMessages(alertWords);
  const format = useFormat();
  const { may } = usePermissions();
  const name = rule ?? t("everyRule");
  const end = useMutation({
    mutationFn: () => api.operation("DELETE /v1/alerts/silences/{id}", { path: { id } }),
    onSuccess: () => changed(ALERT),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <div className="min-w-0 grow max-sm:basis-full">
        <p className="font-medium">{name}</p>
        <p className="text-kumo-subtle" dir="auto">
          {reason}
        </p>
      </div>
      <Labels labels={labels} />
      <span className="text-xs text-kumo-subtle">{t("until", { time: format.time(until) })}</span>
      {may("alert.change") && (
        <Button
          size="sm"
          aria-label={t("endOf", { rule: name })}
          disabled={end.isPending}
          onClick={() => end.mutate()}
        >
          {t("end")}
        </Button>
      )}
      {end.error !== null && <Failure error={end.error} />}
    </li>
  );
}
