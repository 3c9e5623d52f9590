import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { quarantineInput } from "#domain/agents/model.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import type { Agent } from "#web/ui/agent-badge.tsx";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { Failure } from "#web/ui/states.tsx";

const MOVES = {
  start: "POST /v1/agents/{id}/start",
  pause: "POST /v1/agents/{id}/pause",
  resume: "POST /v1/agents/{id}/resume",
  release: "POST /v1/agents/{id}/release",
} as const;
type Move = keyof typeof MOVES;

const NEXT: Record<Agent["state"], Move | null> = {
  created: "start",
  active: "pause",
  paused: "resume",
  quarantined: "release",
  retired: null,
};

/** What can be done with the life of an agent, as far as this person may. */
export function Life({ agent: { id, state } }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const [isAsking, setAsking] = useState(false);
  const move = useMutation({
    mutationFn: (to: Move) => api.operation(MOVES[to], { path: { id } }),
    onSuccess: () => changed(new Set(["agent"])),
  });
  const next = NEXT[state];
  const mayMove = may(next === "release" ? "agent.quarantine" : "agent.run");
  return (
    <>
      {next !== null && mayMove && (
        <Button disabled={move.isPending} onClick={() => move.mutate(next)}>
          {t(next)}
        </Button>
      )}
      {state !== "quarantined" && state !== "retired" && may("agent.quarantine") && (
        <Button variant="secondary-destructive" onClick={() => setAsking(true)}>
          {t("quarantine")}
        </Button>
      )}
      {move.error !== null && <Failure error={move.error} />}
      <Quarantine id={id} isOpen={isAsking} close={() => setAsking(false)} />
    </>
  );
}

type QuarantineProps = { id: string; isOpen: boolean; close(): void };

function Quarantine({ id, isOpen, close }: QuarantineProps) {
  const t = useMessages(agentWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: `quarantine-${id}`,
    first: { reason: "" },
    schema: quarantineInput,
    inputOf: ({ reason }) => ({ reason: reason.trim() }),
    send: (body: { reason: string }, _, once) =>
      api.operation("POST /v1/agents/{id}/quarantine", { path: { id }, body, ...once }),
    done: () => {
      changed(new Set(["agent"]));
      close();
    },
  });
  return (
    <Asked title={t("quarantine")} isOpen={isOpen} close={close}>
      <p className="mt-2 mb-4 text-kumo-subtle">{t("quarantineLead")}</p>
      <form ref={form} noValidate onSubmit={onSubmit} className="grid gap-4">
        <TextField
          id="quarantine-reason"
          label={t("reason")}
          value={values.reason}
          onChange={({ target }) => change({ reason: target.value })}
          error={errorAt(errors, "/reason")}
        />
        <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("quarantine")} isGrave />
      </form>
    </Asked>
  );
}
