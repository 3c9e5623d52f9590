import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Scope } from "#domain/accounts/model.ts";
import { clientInput } from "#domain/oauth/clients.ts";
import { isRedirectUri } from "#domain/oauth/redirects.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { CLIENT } from "#web/screens/settings/client.ts";
import { registerWords } from "#web/screens/settings/register-messages.ts";
import { Copied } from "#web/ui/copy.tsx";
import {
  AreaField,
  ChoiceField,
  errorAt,
  type FieldsOf,
  TextField,
  useForm,
} from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";
import { ScopesField } from "#web/ui/scopes-field.tsx";
import { ShownOnce } from "#web/ui/shown-once.tsx";
import { Read } from "#web/ui/states.tsx";

type Input = Operations["POST /v1/oauth/clients"]["body"];
/** The answer of RFC 7591, as far as it is shown. */
type Made = { client_id: string; client_name?: string; client_secret?: string };
const KINDS = ["web", "app", "itself"] as const;
type Kind = (typeof KINDS)[number];
type Values = { name: string; kind: Kind; redirects: string; scopes: Scope[] };

const FOR_PEOPLE = ["authorization_code", "refresh_token"];
const linesOf = (typed: string): string[] => typed.split(/\s+/).filter((line) => line !== "");

function inputOf({ name, kind, redirects, scopes }: Values): Input {
  const isForPeople = kind !== "itself";
  return {
    client_name: name.trim(),
    redirect_uris: isForPeople ? linesOf(redirects) : [],
    grant_types: isForPeople ? FOR_PEOPLE : ["client_credentials"],
    token_endpoint_auth_method: kind === "app" ? "none" : "client_secret_basic",
    scope: scopes.join(" "),
  };
}

/** What the server says of addresses beyond their form. */
const schema = clientInput.refine(
  ({ redirect_uris: uris, grant_types: grants }) =>
    !grants.includes("authorization_code") || (uris.length > 0 && uris.every(isRedirectUri)),
  { path: ["redirect_uris"] },
);

/** Registers an application of the account, and shows its secret once. */
export function Register() {
  const t = useMessages(registerWords);
  // In the address, so that whoever is sent to prove a second factor comes back to what they began.
  const isOpen = useSearch({ from: "/settings" }).register === true;
  const navigate = useNavigate();
  const setOpen = (opens: boolean) =>
    void navigate({
      to: "/settings",
      search: opens ? { register: true } : {},
      replace: !opens,
      resetScroll: false,
    });
  const [made, setMade] = useState<Made | null>(null);
  const close = () => setOpen(false);
  return (
    <>
      {made !== null && <Registered client={made} />}
      {isOpen ? (
        <RegisterForm
          close={close}
          take={(client) => {
            setMade(client);
            close();
          }}
        />
      ) : (
        <Button className="justify-self-start" onClick={() => setOpen(true)}>
          {t("register")}
        </Button>
      )}
    </>
  );
}

function RegisterForm({ close, take }: { close(): void; take(made: Made): void }) {
  const t = useMessages(registerWords);
  const say = useMessages(ui);
  const form = useForm({
    name: "register-client",
    first: { name: "", kind: "web", redirects: "", scopes: [] } as Values,
    schema,
    inputOf,
    send: (body: Input, _, once) => api.operation("POST /v1/oauth/clients", { body, ...once }),
    done: (client) => {
      take(client as Made);
      changed(CLIENT);
    },
  });
  return (
    <FormCard
      form={form}
      send={t("register")}
      sending={t("registering")}
      beside={<Button onClick={close}>{say("cancel")}</Button>}
    >
      <Fields values={form.values} errors={form.errors} change={form.change} />
    </FormCard>
  );
}

function Fields({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(registerWords);
  const session = useQuery({
    queryKey: ["session"],
    queryFn: () => api.operation("GET /v1/sessions/current"),
  });
  const isBad = errorAt(errors, "/redirect_uris") !== undefined;
  return (
    <>
      <TextField
        id="client-name"
        label={t("name")}
        value={values.name}
        maxLength={LIMITS.keyNameCharsMax}
        onChange={({ target }) => change({ name: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/client_name")}
      />
      <ChoiceField
        id="client-kind"
        label={t("kind")}
        value={values.kind}
        options={KINDS.map((value) => ({ value, label: t(`kind${value}`) }))}
        onChoose={(kind) => change({ kind })}
      />
      {values.kind !== "itself" && (
        <AreaField
          id="client-redirects"
          label={t("redirects")}
          hint={t("redirectsHint")}
          rows={2}
          value={values.redirects}
          onChange={({ target }) => change({ redirects: target.value })}
          autoComplete="off"
          spellCheck={false}
          error={isBad ? t("redirectsBad") : undefined}
        />
      )}
      <Read query={session} action="session.read" lines={2}>
        {({ scopes }) => (
          <ScopesField
            id="client-scope"
            offered={scopes}
            chosen={values.scopes}
            error={errorAt(errors, "/scope")}
            onChoose={(chosen) => change({ scopes: chosen })}
          />
        )}
      </Read>
    </>
  );
}

function Registered({
  client: { client_id: id, client_name: name, client_secret: secret },
}: {
  client: Made;
}) {
  const t = useMessages(registerWords);
  return (
    <Card className="registered grid gap-3 p-5">
      <p className="font-medium" dir="auto">
        {name}
      </p>
      <p className="text-kumo-subtle">{t("clientId")}</p>
      <Copied text={id} />
      {secret === undefined ? (
        <p className="text-kumo-subtle">{t("noSecret")}</p>
      ) : (
        <ShownOnce key={secret} secret={secret} />
      )}
    </Card>
  );
}
