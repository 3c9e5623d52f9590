import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import { channelChange } from "#domain/channels/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { channelWords } from "#web/screens/channel/messages.ts";
import { AgentField } from "#web/screens/channels/agent-field.tsx";
import {
  ConfigFields,
  configOf,
  type Typed,
  typedOf,
  withoutSecrets,
} from "#web/screens/channels/config-fields.tsx";
import { CHANNEL, type Channel } from "#web/screens/channels/traffic.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { numberOf } from "#web/ui/typed.ts";

type Input = Operations["PATCH /v1/channels/{id}"]["body"];
type Values = { name: string; agentId: string; outbound: string; inbound: string; typed: Typed };

/** Changes what a channel is called, who answers, how fast it goes, and its secrets. */
export function Change({ channel }: { channel: Channel }) {
  const t = useMessages(channelWords);
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t("change")}
      </Button>
      <Asked title={t("changeOf", { name: channel.name })} isOpen={isOpen} close={close}>
        <ChangeForm channel={channel} close={close} />
      </Asked>
    </>
  );
}

function ChangeForm({ channel, close }: { channel: Channel; close(): void }) {
  const t = useMessages(channelWords);
  const { id, version, type, limits } = channel;
  const first: Values = {
    name: channel.name,
    agentId: channel.agentId,
    outbound: String(limits.outboundPerMinute),
    inbound: String(limits.inboundPerMinute),
    typed: typedOf(type, channel.config),
  };
  const form = useForm({
    // What was typed over another version is no draft of a change of this one.
    name: `channel-${id}-${version}`,
    first,
    schema: channelChange,
    kept: withoutSecrets,
    inputOf: ({ name, agentId, outbound, inbound, typed }): Input => ({
      name: name.trim(),
      agentId,
      limits: { outboundPerMinute: numberOf(outbound), inboundPerMinute: numberOf(inbound) },
      config: configOf(type, typed),
    }),
    send: (body: Input) =>
      api.operation("PATCH /v1/channels/{id}", {
        path: { id },
        body,
        headers: { "if-match": `"${version}"` },
      }),
    done: () => {
      changed(CHANNEL);
      close();
    },
  });
  const { values, errors, change } = form;
  return (
    <form ref={form.form} noValidate onSubmit={form.onSubmit} className="mt-3 grid gap-4">
      <Common values={values} errors={errors} change={change} />
      <ConfigFields
        type={type}
        typed={values.typed}
        errors={errors}
        onType={(typed) => change({ typed })}
        isThere
      />
      <FormEnd problem={form.problem} isBusy={form.isBusy} close={close} label={t("save")} />
    </form>
  );
}

function Common({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(channelWords);
  return (
    <>
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
        error={errorAt(errors, "/agentId")}
      />
      <TextField
        id="channel-outbound"
        inputMode="numeric"
        label={t("outboundMost")}
        value={values.outbound}
        onChange={({ target }) => change({ outbound: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/limits/outboundPerMinute")}
      />
      <TextField
        id="channel-inbound"
        inputMode="numeric"
        label={t("inboundMost")}
        value={values.inbound}
        onChange={({ target }) => change({ inbound: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/limits/inboundPerMinute")}
      />
    </>
  );
}
