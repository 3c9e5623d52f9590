import { Button } from "@cloudflare/kumo/components/button";
import { useNavigate } from "@tanstack/react-router";
import { POOLS } from "#domain/resources/pools.ts";
import { ATTEMPTS_DEFAULT, taskInput } from "#domain/tasks/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { taskListWords } from "#web/screens/tasks/messages.ts";
import { AreaField, ChoiceField, errorAt, Problem, TextField, useForm } from "#web/ui/form.tsx";
import { fromLocal } from "#web/ui/local-time.ts";
import { Card, Page } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";
import { taskStates } from "#web/ui/task-messages.ts";

type Input = Operations["POST /v1/tasks"]["body"];
const BLANK = {
  type: "",
  input: "{}",
  pool: "account" as (typeof POOLS)[number],
  priority: "4",
  attempts: String(ATTEMPTS_DEFAULT),
  requires: "",
  deadline: "",
  callback: "",
};
type Values = typeof BLANK;

/** In the place of an input that is no JSON. */
const NOT_JSON = Symbol("not JSON");
const schema = taskInput.refine(({ input }) => input !== NOT_JSON, {
  path: ["input"],
  message: "must be JSON",
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

const numberOf = (typed: string): number => (typed.trim() === "" ? Number.NaN : Number(typed));

const inputOf = (values: Values): Input => ({
  type: values.type.trim(),
  input: parsed(values.input),
  pool: values.pool,
  priority: numberOf(values.priority),
  attempts: numberOf(values.attempts),
  requires: values.requires
    .split(/[,，、]/)
    .map((each) => each.trim())
    .filter((each) => each !== ""),
  ...(values.deadline !== "" && { deadline: fromLocal(values.deadline) }),
  ...(values.callback.trim() !== "" && { callback: { url: values.callback.trim() } }),
});

/** Gives a task to whoever does tasks of its type. */
export function Give() {
  const t = useMessages(taskListWords);
  const navigate = useNavigate();
  const form = useForm({
    name: "give-task",
    first: BLANK,
    schema,
    inputOf,
    send: (body: Input) =>
      api.operation("POST /v1/tasks", {
        body,
        headers: { "idempotency-key": crypto.randomUUID() },
      }),
    done: ({ id }) => void navigate({ to: "/task/$id", params: { id } }),
  });
  return (
    <Allowed action="task.create">
      <Page title={t("give")}>
        <Card className="max-w-2xl p-5">
          <form ref={form.form} noValidate onSubmit={form.onSubmit} className="grid gap-4">
            <What form={form} />
            <How form={form} />
            <Button
              type="submit"
              variant="primary"
              disabled={form.isBusy}
              className="justify-self-start"
            >
              {t(form.isBusy ? "giving" : "give")}
            </Button>
            <Problem>{form.problem}</Problem>
          </form>
        </Card>
      </Page>
    </Allowed>
  );
}

type Form = Pick<
  ReturnType<typeof useForm<Values, Input, unknown>>,
  "values" | "errors" | "change"
>;

function What({ form: { values, errors, change } }: { form: Form }) {
  const t = useMessages(taskListWords);
  return (
    <>
      <TextField
        id="task-type"
        label={t("type")}
        hint={t("typeHint")}
        value={values.type}
        onChange={({ target }) => change({ type: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/type")}
      />
      <AreaField
        id="task-input"
        label={t("input")}
        rows={6}
        spellCheck={false}
        value={values.input}
        onChange={({ target }) => change({ input: target.value })}
        error={errorAt(errors, "/input")}
      />
      <TextField
        id="task-requires"
        label={t("requires")}
        value={values.requires}
        onChange={({ target }) => change({ requires: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/requires")}
      />
    </>
  );
}

function How({ form: { values, errors, change } }: { form: Form }) {
  const t = useMessages(taskListWords);
  const say = useMessages(taskStates);
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <ChoiceField
        id="task-pool"
        label={t("pool")}
        value={values.pool}
        options={POOLS.map((value) => ({ value, label: say(`pool${value}`) }))}
        onChoose={(pool) => change({ pool })}
      />
      <TextField
        id="task-deadline"
        type="datetime-local"
        label={t("deadline")}
        value={values.deadline}
        onChange={({ target }) => change({ deadline: target.value })}
        error={errorAt(errors, "/deadline")}
      />
      <TextField
        id="task-priority"
        inputMode="numeric"
        label={t("priority")}
        value={values.priority}
        onChange={({ target }) => change({ priority: target.value })}
        error={errorAt(errors, "/priority")}
      />
      <TextField
        id="task-attempts"
        inputMode="numeric"
        label={t("attemptsMost")}
        value={values.attempts}
        onChange={({ target }) => change({ attempts: target.value })}
        error={errorAt(errors, "/attempts")}
      />
      <div className="sm:col-span-2">
        <TextField
          id="task-callback"
          type="url"
          label={t("callback")}
          placeholder="https://"
          value={values.callback}
          onChange={({ target }) => change({ callback: target.value })}
          error={errorAt(errors, "/callback")}
        />
      </div>
    </div>
  );
}
