import { Button } from "@cloudflare/kumo/components/button";
import { useNavigate } from "@tanstack/react-router";
import { AGENT_TYPES, AGENT_VISIBILITIES, agentInput } from "#domain/agents/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agents/messages.ts";
import {
  AreaField,
  ChoiceField,
  errorAt,
  Problem,
  TextField,
  TickField,
  useForm,
} from "#web/ui/form.tsx";
import { Card, Page } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";

type Input = Operations["POST /v1/agents"]["body"];
type Values = {
  name: string;
  type: (typeof AGENT_TYPES)[number];
  description: string;
  capabilities: string;
  visibility: (typeof AGENT_VISIBILITIES)[number];
  start: boolean;
};
const BLANK: Values = {
  name: "",
  type: "query",
  description: "",
  capabilities: "",
  visibility: "private",
  start: true,
};

const inputOf = ({ name, description, capabilities, ...rest }: Values): Input => ({
  ...rest,
  name: name.trim(),
  description: description.trim(),
  capabilities: capabilities
    .split(/[,，、]/)
    .map((each) => each.trim())
    .filter((each) => each !== ""),
});

/** Registers an agent that works in this account. */
export function Register() {
  const t = useMessages(agentWords);
  const navigate = useNavigate();
  const form = useForm({
    name: "register-agent",
    first: BLANK,
    schema: agentInput,
    inputOf,
    send: (body: Input) =>
      api.operation("POST /v1/agents", {
        body,
        headers: { "idempotency-key": crypto.randomUUID() },
      }),
    done: ({ id }) => void navigate({ to: "/agent/$id", params: { id } }),
  });
  return (
    <Allowed action="agent.register">
      <Page title={t("register")}>
        <Card className="max-w-2xl p-5">
          <form ref={form.form} noValidate onSubmit={form.onSubmit} className="grid gap-4">
            <Fields form={form} />
            <Button
              type="submit"
              variant="primary"
              disabled={form.isBusy}
              className="justify-self-start"
            >
              {t(form.isBusy ? "sending" : "send")}
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

function Fields({ form: { values, errors, change } }: { form: Form }) {
  const t = useMessages(agentWords);
  return (
    <>
      <TextField
        id="agent-name"
        label={t("name")}
        value={values.name}
        onChange={({ target }) => change({ name: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/name")}
      />
      <ChoiceField
        id="agent-type"
        label={t("type")}
        value={values.type}
        options={AGENT_TYPES.map((value) => ({ value, label: t(`type${value}`) }))}
        onChoose={(type) => change({ type })}
        error={errorAt(errors, "/type")}
      />
      <AreaField
        id="agent-description"
        label={t("description")}
        rows={4}
        value={values.description}
        onChange={({ target }) => change({ description: target.value })}
        dir="auto"
        error={errorAt(errors, "/description")}
      />
      <TextField
        id="agent-capabilities"
        label={t("capabilities")}
        hint={t("capabilitiesHint")}
        value={values.capabilities}
        onChange={({ target }) => change({ capabilities: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/capabilities")}
      />
      <ChoiceField
        id="agent-visibility"
        label={t("visibility")}
        value={values.visibility}
        options={AGENT_VISIBILITIES.map((value) => ({ value, label: t(`visibility${value}`) }))}
        onChoose={(visibility) => change({ visibility })}
      />
      <TickField
        id="agent-start"
        label={t("start")}
        isOn={values.start}
        onTick={(start) => change({ start })}
      />
    </>
  );
}
