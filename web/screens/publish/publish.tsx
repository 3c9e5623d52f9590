import { useState } from "react";
import { unitInput } from "#domain/units/model.ts";
import type { Unit, UnitInput } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { Import } from "#web/screens/publish/import.tsx";
import { publish } from "#web/screens/publish/messages.ts";
import { Way } from "#web/screens/publish/way.tsx";
import { AreaField, errorAt, TextField, TickField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { Page, Section } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";
import { listOf } from "#web/ui/typed.ts";

/** Publishes one unit by a form, or many by dropping files. */
export function Publish() {
  const t = useMessages(publish);
  const [published, setPublished] = useState<Unit | null>(null);
  const [isAnother, setAnother] = useState(false);
  const another = () => {
    setPublished(null);
    setAnother(true);
  };
  return (
    <Allowed action="unit.publish">
      <Page title={t("title")} lead={t("lead")}>
        <div className="grid gap-x-10 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          {published === null ? (
            <UnitForm done={setPublished} isAnother={isAnother} />
          ) : (
            <Way unit={published} another={another} />
          )}
          <Section title={t("import")} className="lg:mt-0">
            <Import />
          </Section>
        </div>
      </Page>
    </Allowed>
  );
}

type Values = { title: string; body: string; tags: string; source: string; isPublic: boolean };
const BLANK: Values = { title: "", body: "", tags: "", source: "", isPublic: false };

function inputOf({ title, body, tags, source, isPublic }: Values): UnitInput {
  const list = listOf(tags);
  return {
    title: title.trim(),
    body,
    visibility: isPublic ? "public" : "private",
    ...(list.length > 0 && { tags: list }),
    ...(source.trim() !== "" && { sources: [{ url: source.trim() }] }),
  };
}

/** `isAnother`: somebody who has published one goes on writing. */
function UnitForm({ done, isAnother }: { done(unit: Unit): void; isAnother: boolean }) {
  const t = useMessages(publish);
  const form = useForm({
    name: "publish",
    first: BLANK,
    schema: unitInput,
    inputOf,
    send: (input: UnitInput, _, { headers }) =>
      api.publish(input, { idempotencyKey: headers["idempotency-key"] }),
    done,
  });
  const { values, change, errors } = form;
  return (
    <FormCard
      form={form}
      send={t("send")}
      sending={t("sending")}
      beside={
        <TickField
          id="new-public"
          label={t("publicUnit")}
          isOn={values.isPublic}
          onTick={(isPublic) => change({ isPublic })}
        />
      }
    >
      <TextField
        id="new-title"
        label={t("unitTitle")}
        value={values.title}
        onChange={({ target }) => change({ title: target.value })}
        autoComplete="off"
        autoFocus={isAnother}
        dir="auto"
        error={errorAt(errors, "/title")}
      />
      <AreaField
        id="new-body"
        label={t("body")}
        hint={t("bodyHint")}
        rows={9}
        value={values.body}
        onChange={({ target }) => change({ body: target.value })}
        dir="auto"
        error={errorAt(errors, "/body")}
      />
      <TextField
        id="new-tags"
        label={t("tags")}
        value={values.tags}
        onChange={({ target }) => change({ tags: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/tags")}
      />
      <TextField
        id="new-source"
        label={t("source")}
        type="url"
        placeholder="https://"
        value={values.source}
        onChange={({ target }) => change({ source: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/sources")}
      />
    </FormCard>
  );
}
