import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { routeInput, TARGET_KINDS, type TargetKind } from "#domain/alerts/model.ts";
import { SEVERITIES, type Severity } from "#domain/alerts/rules.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { routeWords } from "#web/screens/alerts/route-messages.ts";
import { ALERT } from "#web/screens/alerts/values.ts";
import { FormEnd } from "#web/ui/asked.tsx";
import {
  ChoiceField,
  errorAt,
  type FieldsOf,
  TextField,
  TickField,
  useForm,
} from "#web/ui/form.tsx";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { listOf } from "#web/ui/typed.ts";

type Input = Operations["POST /v1/alerts/routes"]["body"];
/** `place`: the mail's address, the conversation or the URL, by kind; `key`: of a pager. */
type Values = {
  kind: TargetKind;
  place: string;
  key: string;
  severities: readonly Severity[];
  rules: string;
};
const BLANK: Values = { kind: "email", place: "", key: "", severities: SEVERITIES, rules: "" };

/** Which field of a target its place and its key are. */
const PLACES = {
  email: "to",
  push: null,
  channel: "conversationId",
  webhook: "url",
  pagerduty: null,
  opsgenie: null,
} as const satisfies Record<TargetKind, string | null>;
const KEYS = { pagerduty: "routingKey", opsgenie: "apiKey" } as const;
const isPager = (kind: TargetKind): kind is keyof typeof KEYS => kind in KEYS;

function inputOf({ kind, place, key, severities, rules }: Values): Input {
  const field = PLACES[kind];
  const target = {
    kind,
    ...(field !== null && { [field]: place.trim() }),
    ...(isPager(kind) && { [KEYS[kind]]: key.trim() }),
  };
  return { target, severities: [...severities], rules: listOf(rules) } as Input;
}

/** Adds a place where alerts are told; a secret that was made for it is shown once. */
export function AddRoute({ close }: { close(): void }) {
  const t = useMessages(routeWords);
  const [secret, setSecret] = useState<string | null>(null);
  const form = useForm({
    name: "alert-route",
    first: BLANK,
    schema: routeInput,
    kept: (values) => ({ ...values, key: "" }),
    inputOf,
    send: (body: Input, _, once) => api.operation("POST /v1/alerts/routes", { body, ...once }),
    done: (made) => {
      changed(ALERT);
      if (made.secret === undefined) close();
      else setSecret(made.secret);
    },
  });
  if (secret !== null)
    return (
      <div className="mt-3 grid gap-4">
        <ShownOnce secret={secret} name={t("secretName")} />
        <Button className="justify-self-end" onClick={close}>
          {t("close")}
        </Button>
      </div>
    );
  const { values, errors, change } = form;
  return (
    <form ref={form.form} noValidate onSubmit={form.onSubmit} className="mt-3 grid gap-4">
      <ChoiceField
        id="route-kind"
        label={t("kind")}
        hint={t(`means${values.kind}`)}
        value={values.kind}
        options={TARGET_KINDS.map((value) => ({ value, label: t(`kind${value}`) }))}
        onChoose={(kind) => change({ kind })}
      />
      <Place values={values} errors={errors} change={change} />
      <Which values={values} errors={errors} change={change} />
      <FormEnd problem={form.problem} isBusy={form.isBusy} close={close} label={t("add")} />
    </form>
  );
}

function Place({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(routeWords);
  const { kind } = values;
  const field = PLACES[kind];
  if (isPager(kind))
    return (
      <TextField
        id="route-key"
        type="password"
        label={t("key")}
        value={values.key}
        onChange={({ target }) => change({ key: target.value })}
        autoComplete="new-password"
        error={errorAt(errors, `/target/${KEYS[kind]}`)}
      />
    );
  if (field === null) return null;
  return (
    <TextField
      id="route-place"
      label={t(field)}
      value={values.place}
      onChange={({ target }) => change({ place: target.value })}
      autoComplete="off"
      spellCheck={false}
      error={errorAt(errors, `/target/${field}`)}
    />
  );
}

function Which({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(routeWords);
  const say = useMessages(alertWords);
  const { severities } = values;
  const rules = useQuery({
    queryKey: ["alert", "rules"],
    queryFn: () => api.operation("GET /v1/alerts/rules"),
  });
  const wrong = errorAt(errors, "/severities");
  return (
    <>
      <fieldset className="grid gap-2">
        <legend className="mb-1.5 font-medium">{t("severities")}</legend>
        <div className="flex flex-wrap gap-4">
          {SEVERITIES.map((severity) => (
            <TickField
              key={severity}
              id={`route-${severity}`}
              label={say(`severity${severity}`)}
              isOn={severities.includes(severity)}
              onTick={(isOn) =>
                change({
                  severities: SEVERITIES.filter((each) =>
                    each === severity ? isOn : severities.includes(each),
                  ),
                })
              }
            />
          ))}
        </div>
        {wrong !== undefined && (
          <p role="alert" className="problem text-kumo-danger">
            {t("noSeverity")}
          </p>
        )}
      </fieldset>
      <TextField
        id="route-rules"
        label={t("rules")}
        hint={t("rulesHint", {
          rules: (rules.data?.items ?? [])
            .slice(0, 3)
            .map(({ id }) => id)
            .join(", "),
        })}
        value={values.rules}
        onChange={({ target }) => change({ rules: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={errorAt(errors, "/rules")}
      />
    </>
  );
}
