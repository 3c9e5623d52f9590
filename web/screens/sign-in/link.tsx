import { type ReactNode, useState } from "react";
import { WisHubError } from "#sdk/error.ts";
import { api, codeOf } from "#web/app/client.ts";
import { type Say, useMessages } from "#web/app/language.ts";
import { forgetSession } from "#web/app/session.ts";
import {
  FormCard,
  GoOn,
  LinkButton,
  NewPasswordField,
  PasswordField,
  SaidCard,
} from "#web/screens/sign-in/card.tsx";
import { signIn } from "#web/screens/sign-in/messages.ts";
import type { Link, LinkKind } from "#web/screens/sign-in/next.ts";
import { explain } from "#web/ui/explain.ts";
import { TextField } from "#web/ui/form.tsx";
import { ui } from "#web/ui/messages.ts";

type Ended = keyof typeof ENDS;
/** How the link of a mail can end, in a title and a sentence. */
const ENDS = {
  dead: ["linkDeadTitle", "linkDead"],
  part: ["linkPartTitle", "linkPart"],
  signedUp: ["signedUp", "signedUpDetail"],
  reset: ["resetDone", "signedUpDetail"],
  device: ["deviceKnown", "signedUpDetail"],
  joined: ["accepted", "signedUpDetail"],
} as const;

type CardProps = { token: string; kind: LinkKind; end(how: Ended): void };

/** What the link of a mail is for, and how it ended; `leave` goes on to the console. */
export function LinkCard({ link, leave }: { link: Link; leave(): void }) {
  const t = useMessages(signIn);
  const { token, kind } = link;
  const [ended, setEnded] = useState<Ended | null>(kind === null ? "part" : null);
  if (ended !== null || kind === null) {
    const [title, detail] = ENDS[ended ?? "part"];
    return <SaidCard title={t(title)} detail={t(detail)} onward={<GoOn onClick={leave} />} />;
  }
  const CardOf = CARDS[kind];
  return <CardOf token={token} kind={kind} end={setEnded} />;
}

function useFailure(end: (how: Ended) => void): (error: unknown) => string {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  return (error) => failureOf(t, say, end, error);
}

function failureOf(
  t: Say<typeof signIn>,
  say: Say<typeof ui>,
  end: (how: Ended) => void,
  error: unknown,
): string {
  if (codeOf(error) === "unauthenticated") return t("wrongPassword");
  const invalid = error instanceof WisHubError ? error.errors : [];
  if (invalid.some(({ pointer }) => pointer === "/token")) {
    end("dead");
    return "";
  }
  const password = invalid.find(({ pointer }) => pointer === "/password");
  if (password !== undefined) return t("passwordRefused", { reason: password.detail });
  if (invalid.some(({ pointer }) => pointer === "/name")) return t("nameNeeded");
  return explain(say, error);
}

function NameField() {
  const t = useMessages(signIn);
  return (
    <TextField
      id="name"
      name="name"
      label={t("yourName")}
      autoComplete="name"
      maxLength={100}
      required
    />
  );
}

function AccountField() {
  const t = useMessages(signIn);
  return (
    <TextField
      id="account-name"
      name="accountName"
      label={t("accountName")}
      hint={t("accountNameHint")}
      autoComplete="organization"
      maxLength={100}
    />
  );
}

/** The account's name where one was given; an empty field is none. */
const named = ({ accountName = "" }: Record<string, string>) =>
  accountName.trim() === "" ? {} : { accountName: accountName.trim() };

function SignUpCard({ token, end }: CardProps) {
  const t = useMessages(signIn);
  return (
    <FormCard
      title={t("finishSignUp")}
      button={t("signUp")}
      failure={useFailure(end)}
      submit={async (values) => {
        const { name = "", password = "" } = values;
        const body = { token, name, password, ...named(values) };
        await api.operation("POST /v1/sign-up/complete", { body });
        end("signedUp");
      }}
    >
      <NameField />
      <NewPasswordField />
      <AccountField />
    </FormCard>
  );
}

function ResetCard({ token, end }: CardProps) {
  const t = useMessages(signIn);
  return (
    <FormCard
      title={t("forgotTitle")}
      lead={t("resetLead")}
      button={t("resetButton")}
      failure={useFailure(end)}
      submit={async ({ password = "" }) => {
        await api.operation("POST /v1/password-resets/complete", { body: { token, password } });
        forgetSession();
        end("reset");
      }}
    >
      <NewPasswordField />
    </FormCard>
  );
}

/** Asks before it uses the link: a program that only looks at what is linked must not use it up. */
function DeviceCard({ token, end }: CardProps) {
  const t = useMessages(signIn);
  return (
    <FormCard
      title={t("deviceTitle")}
      lead={t("deviceLead")}
      button={t("deviceButton")}
      failure={useFailure(end)}
      submit={async () => {
        await api.operation("POST /v1/known-devices/complete", { body: { token } });
        end("device");
      }}
    />
  );
}

function InvitationCard({ token, kind, end }: CardProps) {
  const t = useMessages(signIn);
  const [isNew, setNew] = useState(true);
  const fields: ReactNode = isNew ? (
    <>
      <NameField />
      <NewPasswordField />
    </>
  ) : (
    <PasswordField />
  );
  return (
    <FormCard
      key={String(isNew)}
      title={t("invitationTitle")}
      lead={t(isNew ? "invitationNew" : "invitationKnown")}
      button={t("accept")}
      failure={useFailure(end)}
      submit={async (values) => {
        const { name = "", password = "" } = values;
        const body = { token, password, ...(isNew && { name }), ...named(values) };
        await api.operation("POST /v1/invitations/accept", { body });
        end("joined");
      }}
      more={<LinkButton label={t(isNew ? "iAmKnown" : "iAmNew")} onClick={() => setNew(!isNew)} />}
    >
      {fields}
      {kind === "new-account" && <AccountField />}
    </FormCard>
  );
}

const CARDS: Record<LinkKind, (props: CardProps) => ReactNode> = {
  "sign-up": SignUpCard,
  invitation: InvitationCard,
  "new-account": InvitationCard,
  "password-reset": ResetCard,
  "new-device": DeviceCard,
};
