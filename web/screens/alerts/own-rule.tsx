import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import { ruleIdParam, ruleInput } from "#domain/alerts/model.ts";
import { ACCOUNT_SIGNALS, type Signal, SIGNAL_NAMES } from "#domain/alerts/signals.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { RuleFields, type RuleValues } from "#web/screens/alerts/rule-fields.tsx";
import { ALERT, type Rule, scaleOf } from "#web/screens/alerts/values.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { ChoiceField, errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { listOf, numberOf } from "#web/ui/typed.ts";

type Input = Operations["PUT /v1/alerts/rules/{id}"]["body"] & { id: string };
type Values = RuleValues & { id: string; signal: Signal; labels: string; description: string };
const BLANK: Values = {
  id: "",
  signal: ACCOUNT_SIGNALS[0] ?? "api.p99",
  above: "",
  forSeconds: "60",
  severity: "warning",
  enabled: true,
  labels: "",
  description: "",
};

/** Labels as they are typed: `name=text`, by commas. */
const labelsOf = (typed: string): Record<string, string> =>
  Object.fromEntries(
    listOf(typed).map((each) => {
      const at = each.indexOf("=");
      return at < 0 ? [each, ""] : [each.slice(0, at).trim(), each.slice(at + 1).trim()];
    }),
  );

type Props = { isPlatforms: boolean; rules: readonly Rule[] };

/** Makes a rule of one's own, of what the account may watch. */
export function OwnRule(props: Props) {
  const t = useMessages(alertWords);
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t("ownRule")}
      </Button>
      <Asked title={t("ownRule")} isOpen={isOpen} close={close}>
        <OwnRuleForm {...props} close={close} />
      </Asked>
    </>
  );
}

function OwnRuleForm({ isPlatforms, rules, close }: Props & { close(): void }) {
  const t = useMessages(alertWords);
  const taken = rules.map(({ id }) => id);
  const form = useForm({
    name: "own-rule",
    first: BLANK,
    schema: ruleInput.extend({
      id: ruleIdParam.shape.id.refine((id) => !taken.includes(id), t("idTaken")),
    }),
    inputOf: ({ above, forSeconds, labels, description, signal, ...rest }): Input => ({
      ...rest,
      signal,
      id: rest.id.trim(),
      above: numberOf(above) / scaleOf(signal),
      forSeconds: numberOf(forSeconds),
      labels: labelsOf(labels),
      ...(description.trim() !== "" && { description: description.trim() }),
    }),
    send: ({ id, ...body }: Input) =>
      api.operation("PUT /v1/alerts/rules/{id}", { path: { id }, body }),
    done: () => {
      changed(ALERT);
      close();
    },
  });
  const { values, errors, change } = form;
  const fields = { values, errors, change };
  return (
    <form ref={form.form} noValidate onSubmit={form.onSubmit} className="mt-3 grid gap-4">
      <What fields={fields} signals={isPlatforms ? SIGNAL_NAMES : ACCOUNT_SIGNALS} />
      <RuleFields
        signal={values.signal}
        values={values}
        errors={errors}
        change={(changes) => change(changes)}
      />
      <TextField
        id="rule-labels"
        label={t("labels")}
        hint={t("labelsHint")}
        value={values.labels}
        onChange={({ target }) => change({ labels: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={errorAt(errors, "/labels")}
      />
      <TextField
        id="rule-description"
        label={t("description")}
        value={values.description}
        onChange={({ target }) => change({ description: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/description")}
      />
      <FormEnd problem={form.problem} isBusy={form.isBusy} close={close} label={t("save")} />
    </form>
  );
}

type WhatProps = { fields: FieldsOf<Values>; signals: readonly Signal[] };

function What({ fields: { values, errors, change }, signals }: WhatProps) {
  const t = useMessages(alertWords);
  return (
    <>
      <TextField
        id="rule-id"
        label={t("ruleId")}
        hint={t("ruleIdHint")}
        value={values.id}
        onChange={({ target }) => change({ id: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={errorAt(errors, "/id")}
      />
      <ChoiceField
        id="rule-signal"
        label={t("signal")}
        value={values.signal}
        options={signals.map((value) => ({ value, label: value }))}
        onChoose={(signal) => change({ signal })}
        error={errorAt(errors, "/signal")}
      />
    </>
  );
}
