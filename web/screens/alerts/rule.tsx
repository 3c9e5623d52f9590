import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ruleInput } from "#domain/alerts/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { RuleFields, type RuleValues } from "#web/screens/alerts/rule-fields.tsx";
import { SilenceButton } from "#web/screens/alerts/silence.tsx";
import { ALERT, type Rule, scaleOf, TONE, useValue } from "#web/screens/alerts/values.ts";
import { Badge, Labels } from "#web/ui/badges.tsx";
import { useForm } from "#web/ui/form.tsx";
import { Failure } from "#web/ui/states.tsx";
import { numberOf } from "#web/ui/typed.ts";

type Input = Operations["PUT /v1/alerts/rules/{id}"]["body"];

/** A rule: when it fires, and what can be done with it. */
export function RuleRow({ rule }: { rule: Rule }) {
  const t = useMessages(alertWords);
  const valueOf = useValue();
  const { id, signal, above, forSeconds: seconds, severity, enabled, origin, labels } = rule;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2.5">
      <div className="min-w-0 grow max-sm:basis-full">
        <p className="flex flex-wrap items-center gap-2">
          <span className={`font-medium ${enabled ? "" : "text-kumo-subtle line-through"}`}>
            {id}
          </span>
          <Badge tone={enabled ? TONE[severity] : "plain"}>{t(`severity${severity}`)}</Badge>
          {!enabled && <Badge tone="plain">{t("off")}</Badge>}
          {origin !== "default" && <Badge tone="good">{t(`origin${origin}`)}</Badge>}
        </p>
        <p className="text-kumo-subtle tabular-nums">
          {t("condition", { signal, bound: valueOf(signal, above), seconds })}
        </p>
      </div>
      <Labels labels={labels} />
      <Change rule={rule} />
    </li>
  );
}

function Change({ rule }: { rule: Rule }) {
  const t = useMessages(alertWords);
  const { may } = usePermissions();
  const [isOpen, setOpen] = useState(false);
  const { id, origin } = rule;
  const drop = useMutation({
    mutationFn: () => api.operation("DELETE /v1/alerts/rules/{id}", { path: { id } }),
    onSuccess: () => changed(ALERT),
  });
  if (!may("alert.change")) return null;
  const close = () => setOpen(false);
  const isOwn = origin === "own";
  return (
    <div className="flex flex-wrap gap-2">
      {origin !== "default" && (
        <Button
          size="sm"
          aria-label={t(isOwn ? "removeOf" : "resetOf", { rule: id })}
          disabled={drop.isPending}
          onClick={() => drop.mutate()}
        >
          {t(isOwn ? "remove" : "reset")}
        </Button>
      )}
      <Button size="sm" aria-label={t("editOf", { rule: id })} onClick={() => setOpen(true)}>
        {t("edit")}
      </Button>
      <SilenceButton rule={id} labels={{}} />
      {drop.error !== null && <Failure error={drop.error} />}
      <Asked title={t("editOf", { rule: id })} isOpen={isOpen} close={close}>
        <RuleForm rule={rule} close={close} />
      </Asked>
    </div>
  );
}

const typedOf = (value: number): string => String(Number(value.toPrecision(12)));

function RuleForm({ rule, close }: { rule: Rule; close(): void }) {
  const t = useMessages(alertWords);
  const { id, signal, labels, description } = rule;
  const first: RuleValues = {
    above: typedOf(rule.above * scaleOf(signal)),
    forSeconds: String(rule.forSeconds),
    severity: rule.severity,
    enabled: rule.enabled,
  };
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    // What was typed over another setting is no draft of a change of this one.
    name: `rule-${id}-${Object.values(first).join("-")}`,
    first,
    schema: ruleInput,
    inputOf: ({ above, forSeconds, ...rest }): Input => ({
      ...rest,
      signal,
      labels,
      ...(description !== "" && { description }),
      above: numberOf(above) / scaleOf(signal),
      forSeconds: numberOf(forSeconds),
    }),
    send: (body: Input) => api.operation("PUT /v1/alerts/rules/{id}", { path: { id }, body }),
    done: () => {
      changed(ALERT);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("editHint")}</p>
      <RuleFields signal={signal} values={values} errors={errors} change={change} />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("save")} />
    </form>
  );
}
