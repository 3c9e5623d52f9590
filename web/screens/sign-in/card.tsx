import { Button } from "@cloudflare/kumo/components/button";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useMessages } from "#web/app/language.ts";
import { signIn } from "#web/screens/sign-in/messages.ts";
import { Problem, TextField } from "#web/ui/form.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";

type Props = {
  title: string;
  lead?: string;
  /** Its inputs by their names. */
  children?: ReactNode;
  button: string;
  submit(values: Record<string, string>): Promise<void>;
  /** A sentence for a failure. */
  failure(error: unknown): string;
  /** What else stands below. */
  more?: ReactNode;
  notice?: string | undefined;
  /** Whether it took the place of another card: then the keyboard goes into its first field, or on its heading. */
  isNext?: boolean;
};

/** A card that is busy while it is sent, and says what went wrong. */
export function FormCard(props: Props) {
  const { title, lead, children, button, submit, failure, more, notice, isNext = true } = props;
  const t = useMessages(ui);
  const form = useRef<HTMLFormElement>(null);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (isNext)
      (form.current?.querySelector("input") ?? form.current?.querySelector("h2"))?.focus();
  }, [isNext]);
  const send = async (values: Record<string, string>) => {
    setBusy(true);
    setProblem("");
    try {
      await submit(values);
      setBusy(false);
    } catch (error) {
      setBusy(false);
      setProblem(failure(error));
      [...(form.current?.querySelectorAll("input") ?? [])].at(-1)?.focus();
    }
  };
  return (
    <Card className="grid gap-4 p-6">
      {notice !== undefined && <Problem>{notice}</Problem>}
      <form
        ref={form}
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const given = [...new FormData(event.currentTarget)];
          const values = Object.fromEntries(
            given.map(([name, value]) => [name, typeof value === "string" ? value : ""]),
          );
          if (!isBusy) void send(values);
        }}
      >
        <div>
          <CardTitle>{title}</CardTitle>
          {lead !== undefined && <p className="mt-1 text-kumo-subtle">{lead}</p>}
        </div>
        {children}
        <Problem>{problem}</Problem>
        <Button
          type="submit"
          variant="primary"
          size="lg"
          disabled={isBusy}
          className="primary w-full justify-center"
        >
          {isBusy ? t("working") : button}
        </Button>
      </form>
      {more}
    </Card>
  );
}

const CardTitle = ({ children }: { children: string }) => (
  <h2 tabIndex={-1} className="text-lg font-semibold">
    {children}
  </h2>
);

/** A card that says how something ended, with a way on. */
export function SaidCard({
  title,
  detail,
  onward,
}: Record<"title" | "detail", string> & {
  onward: ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.querySelector("h2")?.focus(), []);
  return (
    <div ref={place} role="status">
      <Card className="grid gap-4 p-6">
        <CardTitle>{title}</CardTitle>
        <p>{detail}</p>
        {onward}
      </Card>
    </div>
  );
}

export function GoOn({ onClick }: { onClick(): void }) {
  const t = useMessages(signIn);
  return (
    <Button variant="primary" size="lg" className="primary w-full justify-center" onClick={onClick}>
      {t("goOn")}
    </Button>
  );
}

export const LinkButton = ({ label, onClick }: { label: string; onClick(): void }) => (
  <button type="button" className="link justify-self-start py-1" onClick={onClick}>
    {label}
  </button>
);

type CredentialProps = { value?: string };

const PLAIN = { autoCapitalize: "none", spellCheck: false, required: true } as const;

export function EmailField({ value = "" }: CredentialProps) {
  const t = useMessages(signIn);
  const [first] = useState(value);
  return (
    <TextField
      {...PLAIN}
      id="email"
      name="email"
      label={t("email")}
      type="email"
      autoComplete="username"
      maxLength={254}
      defaultValue={first}
    />
  );
}

export function PasswordField() {
  const t = useMessages(signIn);
  return (
    <TextField
      {...PLAIN}
      id="password"
      name="password"
      label={t("password")}
      type="password"
      autoComplete="current-password"
      maxLength={256}
    />
  );
}

export function NewPasswordField() {
  const t = useMessages(signIn);
  return (
    <TextField
      {...PLAIN}
      id="new-password"
      name="password"
      label={t("newPassword")}
      hint={t("newPasswordHint")}
      type="password"
      autoComplete="new-password"
      maxLength={256}
    />
  );
}

export function CodeField() {
  const t = useMessages(signIn);
  return (
    <TextField
      {...PLAIN}
      id="factor-code"
      name="code"
      label={t("factorCode")}
      hint={t("factorCodeHint")}
      autoComplete="one-time-code"
      maxLength={40}
    />
  );
}

/** What a typed code proves: six digits come from an authenticator, anything else is a recovery code. */
export function factorOf(typed: string): { otp: string } | { recoveryCode: string } {
  const digits = typed.replaceAll(/\s/g, "");
  return /^\d{6}$/.test(digits) ? { otp: digits } : { recoveryCode: typed.trim() };
}
