import { providerInput } from "#domain/federation/provider.ts";
import { GIVEN_ROLES, type GivenRole } from "#domain/federation/roles.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { providerWords } from "#web/screens/people/provider-messages.ts";
import { rulesOf } from "#web/screens/people/rules.ts";
import { FormEnd } from "#web/ui/asked.tsx";
import {
  AreaField,
  ChoiceField,
  errorAt,
  type FieldsOf,
  TextField,
  useForm,
} from "#web/ui/form.tsx";
import { roles } from "#web/ui/role-messages.ts";

type Input = Operations["POST /v1/identity-providers"]["body"];
/** What is read again after a change of one. */
export const PROVIDER = new Set(["identity-provider"]);

type Values = {
  protocol: "oidc" | "saml";
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  entityId: string;
  ssoUrl: string;
  certificate: string;
  /** A rule a line: attribute = value = role. */
  rules: string;
  defaultRole: GivenRole | "nobody";
  provisioning: "sign-in" | "scim";
};
const BLANK: Values = {
  protocol: "oidc",
  name: "",
  issuer: "",
  clientId: "",
  clientSecret: "",
  entityId: "",
  ssoUrl: "",
  certificate: "",
  rules: "",
  defaultRole: "viewer",
  provisioning: "sign-in",
};

function inputOf(values: Values): Input {
  const { protocol, provisioning, clientSecret } = values;
  const common = {
    name: values.name.trim(),
    provisioning,
    roles: rulesOf(values.rules),
    defaultRole: values.defaultRole === "nobody" ? null : values.defaultRole,
  };
  if (protocol === "saml") {
    const [entityId, ssoUrl] = [values.entityId.trim(), values.ssoUrl.trim()];
    return { protocol, ...common, entityId, ssoUrl, certificates: [values.certificate.trim()] };
  }
  const [issuer, clientId] = [values.issuer.trim(), values.clientId.trim()];
  return { protocol, ...common, issuer, clientId, ...(clientSecret !== "" && { clientSecret }) };
}

/** Connects an identity provider by OpenID Connect or SAML. */
export function ProviderForm({ close }: { close(): void }) {
  const t = useMessages(providerWords);
  const form = useForm({
    name: "connect-provider",
    first: BLANK,
    schema: providerInput,
    kept: (values) => ({ ...values, clientSecret: "" }),
    inputOf,
    send: (body: Input, _, once) => api.operation("POST /v1/identity-providers", { body, ...once }),
    done: () => {
      changed(PROVIDER);
      close();
    },
  });
  const { values, errors, change } = form;
  const Way = values.protocol === "oidc" ? OpenId : Saml;
  return (
    <form ref={form.form} noValidate onSubmit={form.onSubmit} className="mt-2 grid gap-4">
      <ChoiceField
        id="provider-protocol"
        label={t("protocol")}
        value={values.protocol}
        options={[
          { value: "oidc", label: "OpenID Connect" },
          { value: "saml", label: "SAML 2.0" },
        ]}
        onChoose={(protocol) => change({ protocol })}
      />
      <Typed name="name" pointer="/name" fields={form} />
      <Way values={values} errors={errors} change={change} />
      <WhoComes values={values} errors={errors} change={change} />
      <FormEnd problem={form.problem} isBusy={form.isBusy} close={close} label={t("connect")} />
    </form>
  );
}

type TextName = Exclude<keyof Values, "protocol" | "defaultRole" | "provisioning" | "certificate">;
type TypedProps = {
  name: TextName;
  pointer: string;
  fields: FieldsOf<Values>;
  type?: "url" | "password";
};

function Typed({ name, pointer, fields: { values, errors, change }, type }: TypedProps) {
  const t = useMessages(providerWords);
  return (
    <TextField
      id={`provider-${name}`}
      label={t(name)}
      {...(type !== undefined && { type })}
      value={values[name]}
      onChange={({ target }) => change({ [name]: target.value })}
      autoComplete={type === "password" ? "new-password" : "off"}
      dir="auto"
      error={errorAt(errors, pointer)}
    />
  );
}

function OpenId(fields: FieldsOf<Values>) {
  return (
    <>
      <Typed name="issuer" pointer="/issuer" type="url" fields={fields} />
      <Typed name="clientId" pointer="/clientId" fields={fields} />
      <Typed name="clientSecret" pointer="/clientSecret" type="password" fields={fields} />
    </>
  );
}

function Saml(fields: FieldsOf<Values>) {
  const t = useMessages(providerWords);
  const { values, errors, change } = fields;
  return (
    <>
      <Typed name="entityId" pointer="/entityId" fields={fields} />
      <Typed name="ssoUrl" pointer="/ssoUrl" type="url" fields={fields} />
      <AreaField
        id="provider-certificate"
        label={t("certificate")}
        rows={4}
        spellCheck={false}
        value={values.certificate}
        onChange={({ target }) => change({ certificate: target.value })}
        error={errorAt(errors, "/certificates")}
      />
    </>
  );
}

function WhoComes({ values, errors, change }: FieldsOf<Values>) {
  const t = useMessages(providerWords);
  const say = useMessages(roles);
  return (
    <>
      <ChoiceField
        id="provider-provisioning"
        label={t("provisioning")}
        value={values.provisioning}
        options={(["sign-in", "scim"] as const).map((value) => ({
          value,
          label: t(`provisioning${value}`),
        }))}
        onChoose={(provisioning) => change({ provisioning })}
      />
      <AreaField
        id="provider-rules"
        label={t("rules")}
        hint={t("rulesHint")}
        rows={2}
        spellCheck={false}
        value={values.rules}
        onChange={({ target }) => change({ rules: target.value })}
        error={errorAt(errors, "/roles") === undefined ? undefined : t("rulesWrong")}
      />
      <ChoiceField
        id="provider-role"
        label={t("defaultRole")}
        value={values.defaultRole}
        options={[
          ...GIVEN_ROLES.map((value) => ({ value, label: say(`role${value}`) })),
          { value: "nobody" as const, label: t("nobody") },
        ]}
        onChoose={(defaultRole) => change({ defaultRole })}
      />
    </>
  );
}
