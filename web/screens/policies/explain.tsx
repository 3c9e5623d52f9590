import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ACTIONS, type Action } from "#domain/policies/actions.ts";
import { explainInput } from "#domain/policies/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { Decision, type Explained } from "#web/screens/policies/decision.tsx";
import { policyWords } from "#web/screens/policies/messages.ts";
import { ChoiceField, errorAt, type FieldsOf, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { roles } from "#web/ui/role-messages.ts";
import { toEnd } from "#web/ui/to-end.ts";

type Input = Operations["POST /v1/policies/explain"]["body"];
/** `who`: `me`, or what kind of id and the id. */
type Values = { who: string; action: string; thing: string };
const BLANK: Values = { who: "me", action: "", thing: "" };
const PAGE = 100;
const KINDS = { key: "keyId", member: "memberId" } as const;

function inputOf({ who, action, thing }: Values): Input {
  const name = action.trim() as Action;
  const [kind, id = ""] = who.split(" ");
  const given = kind === "key" || kind === "member" ? { [KINDS[kind]]: id } : {};
  return {
    action: name,
    resource: {
      type: ACTIONS[name]?.resource ?? "account",
      ...(thing.trim() !== "" && { id: thing.trim() }),
    },
    ...given,
  };
}

/** Asks who may do what to which thing; nothing is done. */
export function Explain() {
  const t = useMessages(policyWords);
  const [decided, setDecided] = useState<{ of: Values; said: Explained } | null>(null);
  const form = useForm({
    name: "explain",
    first: BLANK,
    schema: explainInput,
    inputOf,
    send: async (body: Input, of) => ({
      of,
      said: await api.operation("POST /v1/policies/explain", { body }),
    }),
    // What was asked stays to be asked again of somebody else.
    done: (answer) => {
      form.change(answer.of);
      setDecided(answer);
    },
  });
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <FormCard form={form} send={t("ask")} sending={t("ask")}>
        <Fields values={form.values} errors={form.errors} change={form.change} />
      </FormCard>
      {decided !== null && <Decision action={decided.of.action.trim()} said={decided.said} />}
    </div>
  );
}

function Fields({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(policyWords);
  const resource = ACTIONS[values.action.trim() as Action]?.resource;
  const { options, isCut } = useWhom();
  const isUnknown = errorAt(errors, "/action") !== undefined;
  return (
    <>
      <ChoiceField
        id="explain-who"
        label={t("who")}
        value={values.who}
        {...(isCut && { hint: t("whoCut") })}
        options={options}
        onChoose={(who) => change({ who })}
        error={errorAt(errors, "/keyId") ?? errorAt(errors, "/memberId")}
      />
      <TextField
        id="explain-action"
        label={t("action")}
        hint={t("actionHint")}
        list="explain-actions"
        value={values.action}
        onChange={({ target }) => change({ action: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={isUnknown ? t("noAction") : undefined}
      />
      <datalist id="explain-actions">
        {Object.keys(ACTIONS).map((action) => (
          <option key={action} value={action} />
        ))}
      </datalist>
      <TextField
        id="explain-thing"
        label={resource === undefined ? t("thing") : t("thingOf", { resource })}
        hint={t("thingHint")}
        value={values.thing}
        onChange={({ target }) => change({ thing: target.value })}
        autoComplete="off"
        spellCheck={false}
        error={errorAt(errors, "/resource")}
      />
    </>
  );
}

/** Whom one may ask about: oneself; and who reads policies, the people and keys of the account. */
function useWhom() {
  const t = useMessages(policyWords);
  const say = useMessages(roles);
  const { may } = usePermissions();
  const reads = may("policy.read");
  const members = useQuery({
    queryKey: ["member", "whom"],
    queryFn: () =>
      toEnd((cursor) => api.operation("GET /v1/members", { query: { limit: PAGE, cursor } })),
    enabled: reads && may("member.read"),
  });
  const keys = useQuery({
    queryKey: ["key", "whom"],
    queryFn: () =>
      toEnd((cursor) => api.operation("GET /v1/keys", { query: { limit: PAGE, cursor } })),
    enabled: reads && may("key.read"),
  });
  const options = [
    { value: "me", label: t("me") },
    ...(members.data?.items ?? [])
      .filter(({ personId }) => personId !== null)
      .map(({ id, name, role }) => ({
        value: `member ${id}`,
        label: `${name} · ${say(`role${role}`)}`,
      })),
    ...(keys.data?.items ?? []).map(({ id, name }) => ({
      value: `key ${id}`,
      label: t("key", { name, id }),
    })),
  ];
  return { options, isCut: [members, keys].some(({ data }) => data?.isCut === true) };
}
