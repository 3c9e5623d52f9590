import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { CHANNEL_TYPES, type ChannelType } from "#domain/channels/kinds.ts";
import { channelInput } from "#domain/channels/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { AgentField } from "#web/screens/channels/agent-field.tsx";
import {
  ConfigFields,
  configOf,
  type Typed,
  withoutSecrets,
} from "#web/screens/channels/config-fields.tsx";
import { channelListWords } from "#web/screens/channels/messages.ts";
import { channelTypes } from "#web/ui/channel-messages.ts";
import { Copied } from "#web/ui/copy.tsx";
import { ChoiceField, errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { Card, Page } from "#web/ui/page.tsx";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Allowed } from "#web/ui/states.tsx";

type Input = Operations["POST /v1/channels"]["body"];
type Made = Operations["POST /v1/channels"]["answer"];
type Values = { type: ChannelType; name: string; agentId: string; typed: Typed };
const BLANK: Values = { type: "slack", name: "", agentId: "", typed: {} };

/** Connects a messenger, mail or a program to an agent. */
export function Connect() {
  const t = useMessages(channelListWords);
  const [made, setMade] = useState<Made | null>(null);
  const form = useForm({
    name: "connect-channel",
    first: BLANK,
    schema: channelInput,
    kept: withoutSecrets,
    inputOf: ({ type, name, agentId, typed }) =>
      ({ type, name: name.trim(), agentId, config: configOf(type, typed) }) as Input,
    send: (body: Input, _, once) => api.operation("POST /v1/channels", { body, ...once }),
    done: (answer) => {
      changed(new Set(["channel"]));
      setMade(answer);
    },
  });
  return (
    <Allowed action="channel.change">
      <Page title={made === null ? t("connect") : t("connected", { name: made.name })}>
        {made === null ? (
          <FormCard form={form} send={t("send")} sending={t("sending")} className="max-w-2xl">
            <Fields values={form.values} errors={form.errors} change={form.change} />
          </FormCard>
        ) : (
          <Connected channel={made} />
        )}
      </Page>
    </Allowed>
  );
}

function Fields({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(channelListWords);
  const say = useMessages(channelTypes);
  return (
    <>
      <ChoiceField
        id="channel-type"
        label={t("type")}
        hint={t(`hint${values.type}`)}
        value={values.type}
        options={CHANNEL_TYPES.map((value) => ({ value, label: say(`type${value}`) }))}
        onChoose={(type) => change({ type })}
      />
      <TextField
        id="channel-name"
        label={t("name")}
        value={values.name}
        onChange={({ target }) => change({ name: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/name")}
      />
      <AgentField
        id="channel-agent"
        label={t("agent")}
        value={values.agentId}
        onChoose={(agentId) => change({ agentId })}
        error={errorAt(errors, "/agentId") === undefined ? undefined : t("chooseAgent")}
      />
      <ConfigFields
        type={values.type}
        typed={values.typed}
        errors={errors}
        onType={(typed) => change({ typed })}
      />
    </>
  );
}

/** What the vendor is told now, and what nobody is shown again. */
function Connected({ channel: { id, type, inboundUrl, address, made = {} } }: { channel: Made }) {
  const t = useMessages(channelListWords);
  const say = useMessages(channelTypes);
  return (
    <Card className="connected grid max-w-2xl gap-4 p-5">
      <p>
        {type === "webhook" || type === "email"
          ? t(`tell${type}`)
          : t("tellVendor", { vendor: say(`type${type}`) })}
      </p>
      <Copied text={inboundUrl} />
      {address !== undefined && (
        <>
          <p>{t("writeTo")}</p>
          <Copied text={address} />
        </>
      )}
      {Object.entries(made).map(([name, secret]) => (
        <ShownOnce
          key={name}
          secret={secret}
          name={say(`field${name}` as keyof typeof channelTypes)}
        />
      ))}
      <Link to="/channel/$id" params={{ id }} className="link justify-self-start">
        {t("toChannel")}
      </Link>
    </Card>
  );
}
