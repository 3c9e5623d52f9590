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
  type FieldsOf,
  TextField,
  TickField,
  useForm,
} from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { Page } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";
import { listOf } from "#web/ui/typed.ts";

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
  capabilities: listOf(capabilities),
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
    send: (body: Input, _, once) => api.operation("POST /v1/agents", { body, ...once }),
    done: ({ id }) => void navigate({ to: "/agent/$id", params: { id } }),
  });
  return (
    <Allowed action="agent.register">
      <Page title={t("register")}>
        <FormCard form={form} send={t("send")} sending={t("sending")} className="max-w-2xl">
          <Fields form={form} />
        </FormCard>
      </Page>
    </Allowed>
  );
}

function Fields({ form: { values, errors, change } }: { form: FieldsOf<Values> }) {
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
