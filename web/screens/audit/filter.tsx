import { Button } from "@cloudflare/kumo/components/button";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { PHASES } from "#domain/audit/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { useMessages } from "#web/app/language.ts";
import type { AuditQuestion } from "#web/app/questions.ts";
import { auditWords } from "#web/screens/audit/messages.ts";
import { ChoiceField, TextField } from "#web/ui/form.tsx";
import { SearchForm } from "#web/ui/form-card.tsx";
import { fromLocal, toLocal } from "#web/ui/local-time.ts";

const ACTION_CHARS_MAX = 60;
const some = (typed: string): string | undefined => typed.trim() || undefined;

/** Which entries are wanted; what is asked stands in the address. */
export function AuditFilter({ asked }: { asked: AuditQuestion }) {
  const t = useMessages(auditWords);
  const navigate = useNavigate();
  const [typed, setTyped] = useState({
    action: asked.action ?? "",
    phase: asked.phase ?? "",
    actor: asked.actor ?? "",
    resource: asked.resource ?? "",
    from: asked.from === undefined ? "" : toLocal(asked.from),
    to: asked.to === undefined ? "" : toLocal(asked.to),
  });
  const change = (changed: Partial<typeof typed>) => setTyped({ ...typed, ...changed });
  const ask = () => {
    const { from, to, ...names } = typed;
    const [action, phase, actor, resource] = [
      names.action,
      names.phase,
      names.actor,
      names.resource,
    ].map(some);
    const search = {
      action,
      phase,
      actor,
      resource,
      from: some(fromLocal(from)),
      to: some(fromLocal(to)),
    };
    void navigate({ to: "/audit", search });
  };
  const field = (name: "action" | "actor" | "resource", maxLength: number) => ({
    id: `audit-${name}`,
    label: t(name),
    value: typed[name],
    maxLength,
    onChange: ({ target }: { target: { value: string } }) => change({ [name]: target.value }),
    autoComplete: "off",
    spellCheck: false,
  });
  return (
    <SearchForm ask={ask}>
      <TextField {...field("action", ACTION_CHARS_MAX)} placeholder="key.make" />
      <TextField {...field("actor", LIMITS.idCharsMax)} hint={t("actorHint")} />
      <TextField {...field("resource", LIMITS.idCharsMax)} hint={t("resourceHint")} />
      <ChoiceField
        id="audit-phase"
        label={t("phase")}
        value={typed.phase}
        options={[
          { value: "", label: t("everyPhase") },
          ...PHASES.map((value) => ({ value: value as string, label: t(`phase${value}`) })),
        ]}
        onChoose={(phase) => change({ phase })}
      />
      {(["from", "to"] as const).map((name) => (
        <TextField
          key={name}
          id={`audit-${name}`}
          type="datetime-local"
          label={t(name)}
          value={typed[name]}
          onChange={({ target }) => change({ [name]: target.value })}
        />
      ))}
      <Button type="submit" className="justify-self-start">
        {t("show")}
      </Button>
    </SearchForm>
  );
}
