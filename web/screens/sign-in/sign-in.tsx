import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import { api, codeOf } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { signIn as openSession, useNotice } from "#web/app/session.ts";
import {
  CodeField,
  EmailField,
  factorOf,
  FormCard,
  LinkButton,
  PasswordField,
  SaidCard,
} from "#web/screens/sign-in/card.tsx";
import { signIn } from "#web/screens/sign-in/messages.ts";
import { canUsePasskeys, PasskeyCancelled, passkeyProof } from "#web/screens/sign-in/passkey.ts";
import { explain } from "#web/ui/explain.ts";
import { Problem, TextField } from "#web/ui/form.tsx";
import { ui } from "#web/ui/messages.ts";

type MailPurpose = "password-reset" | "new-device" | "sign-up";
type Step =
  | { is: "password"; isNext: boolean }
  | { is: "code"; password: string }
  | { is: "mail"; purpose: MailPurpose }
  | { is: "mailed" };

/** Signing in, step by step in one place; `done` when a session is open. */
export function SignIn({ done }: { done(): void }) {
  const t = useMessages(signIn);
  const [step, setStep] = useState<Step>({ is: "password", isNext: false });
  const [email, setEmail] = useState("");
  const back = () => setStep({ is: "password", isNext: true });
  if (step.is === "mailed")
    return (
      <SaidCard
        title={t("mailOnItsWay")}
        detail={t("mailOnItsWayDetail")}
        onward={<LinkButton label={t("backToSignIn")} onClick={back} />}
      />
    );
  if (step.is === "code")
    return <CodeCard email={email} password={step.password} done={done} back={back} />;
  if (step.is === "mail")
    return (
      <MailCard
        purpose={step.purpose}
        email={email}
        remember={setEmail}
        mailed={() => setStep({ is: "mailed" })}
        back={back}
      />
    );
  return (
    <PasswordCard
      email={email}
      isNext={step.isNext}
      remember={setEmail}
      wantsCode={(password) => setStep({ is: "code", password })}
      wantsMail={(purpose) => setStep({ is: "mail", purpose })}
      done={done}
    />
  );
}

type PasswordProps = {
  email: string;
  isNext: boolean;
  remember(email: string): void;
  wantsCode(password: string): void;
  wantsMail(purpose: MailPurpose): void;
  done(): void;
};

function PasswordCard({ email, isNext, remember, wantsCode, wantsMail, done }: PasswordProps) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const notice = useNotice();
  const mail = (purpose: MailPurpose) => {
    const typed = document.querySelector<HTMLInputElement>("#email");
    remember(typed?.value ?? email);
    wantsMail(purpose);
  };
  return (
    <FormCard
      title={t("signIn")}
      button={t("signIn")}
      isNext={isNext}
      notice={
        notice === null ? undefined : notice === "ended" ? say("sessionEnded") : t("codeUsed")
      }
      failure={(error) =>
        codeOf(error) === "unauthenticated" ? t("wrongPassword") : explain(say, error)
      }
      submit={async ({ email: given = "", password = "" }) => {
        remember(given);
        try {
          await openSession({ email: given, password });
        } catch (error) {
          if (codeOf(error) !== "second-factor-required") throw error;
          wantsCode(password);
          return;
        }
        done();
      }}
      more={
        <>
          <PasskeyButton done={done} />
          <div className="flex flex-wrap gap-x-4">
            <LinkButton label={t("forgot")} onClick={() => mail("password-reset")} />
            <LinkButton label={t("heldUp")} onClick={() => mail("new-device")} />
            <LinkButton label={t("signUp")} onClick={() => mail("sign-up")} />
          </div>
          <KeyForm done={done} />
        </>
      }
    >
      <EmailField value={email} />
      <PasswordField />
    </FormCard>
  );
}

function PasskeyButton({ done }: { done(): void }) {
  const t = useMessages(signIn);
  return (
    <PasskeyProver
      label={t("passkeySignIn")}
      prove={async () => {
        await openSession({ passkey: await passkeyProof() });
        done();
      }}
    />
  );
}

/** Asks the browser for a passkey; nothing where it has none to give. */
export function PasskeyProver({ label, prove }: { label: string; prove(): Promise<void> }) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  if (!canUsePasskeys()) return null;
  const act = async () => {
    setBusy(true);
    setProblem("");
    try {
      await prove();
    } catch (error) {
      const code = codeOf(error);
      const isUnknown = code === "unauthenticated" || code === "second-factor-required";
      if (error instanceof PasskeyCancelled) setProblem(t("passkeyCancelled"));
      else setProblem(isUnknown ? t("passkeyUnknown") : explain(say, error));
    }
    setBusy(false);
  };
  return (
    <div className="grid gap-2">
      <Button
        size="lg"
        disabled={isBusy}
        className="w-full justify-center"
        onClick={() => void act()}
      >
        {label}
      </Button>
      <Problem>{problem}</Problem>
    </div>
  );
}

/** Machines have keys; a person who holds one may use it here, too. */
function KeyForm({ done }: { done(): void }) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const send = async (apiKey: string) => {
    setBusy(true);
    try {
      await openSession({ apiKey });
      done();
    } catch (error) {
      const isRefused = ["unauthenticated", "invalid-request"].includes(codeOf(error) ?? "");
      setProblem(isRefused ? t("wrongKey") : explain(say, error));
    }
    setBusy(false);
  };
  return (
    <details>
      <summary className="py-1 text-kumo-subtle hover:text-kumo-default">{t("keySignIn")}</summary>
      <form
        className="mt-3 grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget).get("apiKey");
          if (!isBusy && typeof given === "string") void send(given.trim());
        }}
      >
        <TextField
          id="api-key"
          name="apiKey"
          label={t("apiKey")}
          hint={t("keyHint")}
          type="password"
          autoComplete="off"
          maxLength={200}
          required
        />
        <Problem>{problem}</Problem>
        <Button type="submit" disabled={isBusy} className="justify-self-start">
          {t("signIn")}
        </Button>
      </form>
    </details>
  );
}

type CodeProps = { email: string; password: string; done(): void; back(): void };

function CodeCard({ email, password, done, back }: CodeProps) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  return (
    <FormCard
      title={t("factorTitle")}
      button={t("goOn")}
      failure={(error) => {
        const refused = codeOf(error);
        if (refused === "second-factor-required") return t("wrongCode");
        return refused === "unauthenticated" ? t("wrongPassword") : explain(say, error);
      }}
      submit={async ({ code = "" }) => {
        await openSession({ email, password, ...factorOf(code) });
        done();
      }}
      more={
        <>
          <PasskeyButton done={done} />
          <LinkButton label={t("backToSignIn")} onClick={back} />
        </>
      }
    >
      <CodeField />
    </FormCard>
  );
}

const MAILS = {
  "password-reset": {
    title: "forgotTitle",
    lead: "forgotLead",
    operation: "POST /v1/password-resets",
  },
  "new-device": {
    title: "heldUpTitle",
    lead: "heldUpLead",
    operation: "POST /v1/known-devices",
  },
  "sign-up": { title: "signUp", lead: "signUpLead", operation: "POST /v1/sign-up" },
} as const;

type MailProps = {
  purpose: MailPurpose;
  email: string;
  remember(email: string): void;
  mailed(): void;
  back(): void;
};

function MailCard({ purpose, email, remember, mailed, back }: MailProps) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const { title, lead, operation } = MAILS[purpose];
  return (
    <FormCard
      title={t(title)}
      lead={t(lead)}
      button={t("sendLink")}
      failure={(error) => (codeOf(error) === "forbidden" ? t("signUpClosed") : explain(say, error))}
      submit={async ({ email: given = "" }) => {
        remember(given);
        await api.operation(operation, { body: { email: given } });
        mailed();
      }}
      more={<LinkButton label={t("backToSignIn")} onClick={back} />}
    >
      <EmailField value={email} />
    </FormCard>
  );
}
