import { SEVERITIES } from "#domain/alerts/rules.ts";
import { SIGNALS } from "#domain/alerts/signals.ts";
import { useMessages } from "#web/app/language.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import type { Rule } from "#web/screens/alerts/values.ts";
import { ChoiceField, errorAt, type FieldsOf, TextField, TickField } from "#web/ui/form.tsx";
import { numberOf } from "#web/ui/typed.ts";

export type RuleValues = {
  above: string;
  forSeconds: string;
  severity: Rule["severity"];
  enabled: boolean;
};
type FieldsProps = FieldsOf<RuleValues> & { signal: Rule["signal"] };

/** When a rule fires, how bad that is, and whether it is on. */
export function RuleFields({ signal, values, errors, change }: FieldsProps) {
  const t = useMessages(alertWords);
  const told = (pointer: string, typed: string) => {
    const error = errorAt(errors, pointer);
    return error !== undefined && Number.isNaN(numberOf(typed)) ? t("noNumber") : error;
  };
  return (
    <>
      <TextField
        id="rule-above"
        label={t("bound", { unit: t(`unit${SIGNALS[signal].unit}`) })}
        inputMode="decimal"
        autoComplete="off"
        value={values.above}
        onChange={({ target }) => change({ above: target.value })}
        error={told("/above", values.above)}
      />
      <TextField
        id="rule-seconds"
        label={t("held")}
        inputMode="numeric"
        autoComplete="off"
        value={values.forSeconds}
        onChange={({ target }) => change({ forSeconds: target.value })}
        error={told("/forSeconds", values.forSeconds)}
      />
      <ChoiceField
        id="rule-severity"
        label={t("severity")}
        value={values.severity}
        options={SEVERITIES.map((value) => ({ value, label: t(`severity${value}`) }))}
        onChoose={(severity) => change({ severity })}
      />
      <TickField
        id="rule-enabled"
        label={t("watched")}
        isOn={values.enabled}
        onTick={(enabled) => change({ enabled })}
      />
    </>
  );
}
