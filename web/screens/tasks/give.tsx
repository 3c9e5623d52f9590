import { useNavigate, useSearch } from "@tanstack/react-router";
import { POOLS } from "#domain/resources/pools.ts";
import { ATTEMPTS_DEFAULT, taskInput } from "#domain/tasks/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { taskListWords } from "#web/screens/tasks/messages.ts";
import {
  AreaField,
  ChoiceField,
  errorAt,
  type FieldsOf,
  TextField,
  useForm,
} from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { fromLocal } from "#web/ui/local-time.ts";
import { Page } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";
import { taskStates } from "#web/ui/task-messages.ts";
import { listOf, numberOf } from "#web/ui/typed.ts";

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

const inputOf = (values: Values): Input => ({
  type: values.type.trim(),
  input: parsed(values.input),
  pool: values.pool,
  priority: numberOf(values.priority),
  attempts: numberOf(values.attempts),
  requires: listOf(values.requires),
  ...(values.deadline !== "" && { deadline: fromLocal(values.deadline) }),
  ...(values.callback.trim() !== "" && { callback: { url: values.callback.trim() } }),
});

/** Gives a task to whoever does tasks of its type. */
export function Give() {
  const t = useMessages(taskListWords);
  const navigate = useNavigate();
  const { requires = "" } = useSearch({ from: "/tasks/new" });
  const form = useForm({
    name: `give-task ${requires}`.trim(),
    first: { ...BLANK, requires },
    schema,
    inputOf,
    send: (body: Input, _, once) => api.operation("POST /v1/tasks", { body, ...once }),
    done: ({ id }) => void navigate({ to: "/task/$id", params: { id } }),
  });
  return (
    <Allowed action="task.create">
      <Page title={t("give")} lead={t("giveLead")}>
        <FormCard form={form} send={t("give")} sending={t("giving")} className="max-w-2xl">
          <What form={form} />
          <How form={form} />
        </FormCard>
      </Page>
    </Allowed>
  );
}

function What({ form: { values, errors, change } }: { form: FieldsOf<Values> }) {
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

function How({ form: { values, errors, change } }: { form: FieldsOf<Values> }) {
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
