import { Button } from "@cloudflare/kumo/components/button";
import { keyInput } from "#domain/accounts/keys.ts";
import type { Scope } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { KEY, type Made } from "#web/screens/keys/key.tsx";
import { keyWords } from "#web/screens/keys/messages.ts";
import { ChoiceField, errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { fromLocal } from "#web/ui/local-time.ts";
import { ui } from "#web/ui/messages.ts";
import { ScopesField } from "#web/ui/scopes-field.tsx";
import { listOf } from "#web/ui/typed.ts";

type Input = Operations["POST /v1/keys"]["body"];
const LIVES = ["never", "7", "30", "90", "365", "at"] as const;
type Life = (typeof LIVES)[number];
type Values = { name: string; scopes: Scope[]; life: Life; at: string; networks: string };
const DAY_MS = 86_400_000;

/** When a key of that life ends; an empty text, which no schema takes, where no time was typed. */
function endOf(life: Life, at: string): string | undefined {
  if (life === "never") return undefined;
  if (life === "at") return fromLocal(at);
  return new Date(Date.now() + Number(life) * DAY_MS).toISOString();
}

function inputOf({ name, scopes, life, at, networks }: Values): Input {
  const expiresAt = endOf(life, at);
  const places = listOf(networks);
  return {
    name: name.trim(),
    scopes,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(places.length > 0 && { networks: places }),
  };
}

type Props = { scopes: readonly Scope[]; take(made: Made): void; close(): void };

/** Makes a key with some of the scopes that its maker has. */
export function MakeKey({ scopes, take, close }: Props) {
  const t = useMessages(keyWords);
  const say = useMessages(ui);
  const form = useForm({
    name: "make-key",
    first: { name: "", scopes: [], life: "90", at: "", networks: "" } as Values,
    schema: keyInput,
    inputOf,
    send: (body: Input, _, once) => api.operation("POST /v1/keys", { body, ...once }),
    done: (made) => {
      take(made);
      changed(KEY);
    },
  });
  return (
    <FormCard
      form={form}
      send={t("make")}
      sending={t("making")}
      beside={<Button onClick={close}>{say("cancel")}</Button>}
      className="mb-4"
    >
      <What form={form} offered={scopes} />
      <Until form={form} />
    </FormCard>
  );
}

type Part = { form: FieldsOf<Values> };

function What({ form: { values, errors, change }, offered }: Part & { offered: readonly Scope[] }) {
  const t = useMessages(keyWords);
  return (
    <>
      <TextField
        id="key-name"
        label={t("name")}
        value={values.name}
        maxLength={LIMITS.keyNameCharsMax}
        onChange={({ target }) => change({ name: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/name")}
      />
      <ScopesField
        id="key-scope"
        offered={offered}
        chosen={values.scopes}
        error={errorAt(errors, "/scopes")}
        onChoose={(scopes) => change({ scopes })}
      />
    </>
  );
}

function Until({ form: { values, errors, change } }: Part) {
  const t = useMessages(keyWords);
  const late = errorAt(errors, "/expiresAt");
  const isTimed = values.life === "at";
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <ChoiceField
        id="key-life"
        label={t("life")}
        value={values.life}
        options={LIVES.map((value) => ({
          value,
          label:
            value === "never" || value === "at"
              ? t(`life${value}`)
              : t("days", { n: Number(value) }),
        }))}
        onChoose={(life) => change({ life })}
        error={isTimed ? undefined : late}
      />
      {isTimed && (
        <TextField
          id="key-at"
          type="datetime-local"
          label={t("at")}
          value={values.at}
          onChange={({ target }) => change({ at: target.value })}
          error={late !== undefined && values.at === "" ? t("timeNeeded") : late}
        />
      )}
      <div className="sm:col-span-2">
        <TextField
          id="key-networks"
          label={t("networks")}
          hint={t("networksHint")}
          value={values.networks}
          onChange={({ target }) => change({ networks: target.value })}
          autoComplete="off"
          spellCheck={false}
          error={errorAt(errors, "/networks")}
        />
      </div>
    </div>
  );
}
