import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { cancelInput } from "#domain/tasks/model.ts";
import { hasEnded } from "#domain/tasks/state.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { taskWords } from "#web/screens/task/messages.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { Failure } from "#web/ui/states.tsx";
import type { Task } from "#web/ui/task-badge.tsx";

const TOUCHED = new Set(["task", "queue"]);

/** A task that goes on can be canceled; one that failed can be tried again. */
export function Ending({ task: { id, state, pool } }: { task: Task }) {
  const t = useMessages(taskWords);
  const { may } = usePermissions();
  const [isAsking, setAsking] = useState(false);
  const redrive = useMutation({
    mutationFn: () =>
      api.operation("POST /v1/queues/{pool}/redrive", {
        path: { pool },
        body: { ids: [id] },
      }),
    onSuccess: () => changed(TOUCHED),
  });
  return (
    <>
      {state === "failed" && may("queue.control") && (
        <Button disabled={redrive.isPending} onClick={() => redrive.mutate()}>
          {t("again")}
        </Button>
      )}
      {!hasEnded(state) && may("task.cancel") && (
        <Button variant="secondary-destructive" onClick={() => setAsking(true)}>
          {t("cancel")}
        </Button>
      )}
      {redrive.error !== null && <Failure error={redrive.error} />}
      <Cancel id={id} isOpen={isAsking} close={() => setAsking(false)} />
    </>
  );
}

type CancelProps = { id: string; isOpen: boolean; close(): void };

function Cancel({ id, isOpen, close }: CancelProps) {
  const t = useMessages(taskWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: `cancel-${id}`,
    first: { reason: "" },
    schema: cancelInput,
    inputOf: ({ reason }) => (reason.trim() === "" ? {} : { reason: reason.trim() }),
    send: (body: { reason?: string }, _, once) =>
      api.operation("POST /v1/tasks/{id}/cancel", { path: { id }, body, ...once }),
    done: () => {
      changed(TOUCHED);
      close();
    },
  });
  return (
    <Asked title={t("cancel")} isOpen={isOpen} close={close}>
      <p className="mt-2 mb-4 text-kumo-subtle">{t("cancelLead")}</p>
      <form ref={form} noValidate onSubmit={onSubmit} className="grid gap-4">
        <TextField
          id="cancel-reason"
          label={t("why")}
          value={values.reason}
          onChange={({ target }) => change({ reason: target.value })}
          error={errorAt(errors, "/reason")}
        />
        <FormEnd
          problem={problem}
          isBusy={isBusy}
          close={close}
          label={t("cancel")}
          leave={t("keep")}
          isGrave
        />
      </form>
    </Asked>
  );
}
