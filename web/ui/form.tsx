import { Input, InputArea } from "@cloudflare/kumo/components/input";
import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from "react";
import type { z } from "zod";
import { WisHubError } from "#sdk/error.ts";
import { newKey } from "#sdk/request.ts";
import { codeOf } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { useDraft } from "#web/app/drafts.ts";
import { heed } from "#web/app/session.ts";
import { explain } from "#web/ui/explain.ts";
import { issueWords } from "#web/ui/issue-messages.ts";
import { sayIssue } from "#web/ui/issue.ts";
import { ui } from "#web/ui/messages.ts";

type Once = { headers: { "idempotency-key": string } };
type FormOptions<V, I, A> = {
  /** Under which what is typed is kept. */
  name: string;
  first: V;
  /** What the server parses the input with, so that both say the same. */
  schema: z.ZodType<unknown>;
  /** What is sent, of what was typed. */
  inputOf(values: V): I;
  /** With `once`, what is sent again after its answer was lost is done once. */
  send(input: I, values: V, once: Once): Promise<A>;
  done(answer: A): void;
  /** The values without what is secret of them: that outlives nothing. */
  kept?(values: V): V;
};

/** A form whose typed values outlive errors, reloads and sessions, and whose errors stand beside their fields. */
export function useForm<V extends object, I, A>(options: FormOptions<V, I, A>) {
  const t = useMessages(ui);
  const name = useMessages(issueWords);
  const draft = useDraft(options.name, options.first, options.kept);
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const unanswered = useRef<{ text: string; once: Once } | null>(null);
  // Whoever is told of errors is taken to the first.
  useEffect(() => {
    if (errors.size > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [errors]);
  const submit = async () => {
    setProblem(null);
    const input = options.inputOf(draft.value);
    const checked = options.schema.safeParse(input, { error: (issue) => sayIssue(name, issue) });
    if (!checked.success) {
      setErrors(byPointer(checked.error.issues.map(issueOf)));
      return;
    }
    setErrors(new Map());
    setBusy(true);
    const text = JSON.stringify(input);
    const isAgain = unanswered.current?.text === text;
    const { once } = (isAgain && unanswered.current) || {
      once: { headers: { "idempotency-key": newKey() } },
    };
    unanswered.current = null;
    try {
      const answer = await options.send(input, draft.value, once);
      draft.done();
      options.done(answer);
    } catch (error) {
      heed(error);
      if (codeOf(error) === "network") unanswered.current = { text, once };
      const told = error instanceof WisHubError ? error.errors : [];
      setErrors(byPointer(told));
      if (told.length === 0) setProblem(explain(t, error));
    } finally {
      setBusy(false);
    }
  };
  return {
    /** The form's element. */
    form,
    values: draft.value,
    isBusy,
    /** What went wrong with none of the fields. */
    problem,
    errors,
    /** What was typed is given up. */
    forget: draft.done,
    change: (changed: Partial<V>) => draft.set({ ...draft.value, ...changed }),
    onSubmit: (event: { preventDefault(): void }) => {
      event.preventDefault();
      if (!isBusy) void submit();
    },
  };
}

/** What fields need of their form. */
export type FieldsOf<V extends object> = Pick<
  ReturnType<typeof useForm<V, unknown, unknown>>,
  "values" | "errors" | "change"
>;

type Found = { pointer: string; detail: string };

const issueOf = ({ path, message }: z.core.$ZodIssue): Found => ({
  pointer: path.map((part) => `/${String(part)}`).join(""),
  detail: message,
});

const byPointer = (found: readonly Found[]): ReadonlyMap<string, string> =>
  new Map(found.map(({ pointer, detail }) => [pointer, detail]));

/** What is said of a field or of anything in it: `/sources` hears `/sources/0/url`. */
export const errorAt = (errors: ReadonlyMap<string, string>, pointer: string): string | undefined =>
  [...errors].find(([at]) => at === pointer || at.startsWith(`${pointer}/`))?.[1];

type FieldProps = {
  id: string;
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
};

function Around({ id, label, hint, error, children }: FieldProps & { children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label id={`${id}-label`} htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-kumo-subtle">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} role="alert" className="problem text-kumo-danger">
          {error}
        </p>
      )}
    </div>
  );
}

const described = ({ id, hint, error }: FieldProps) => ({
  id,
  "aria-labelledby": `${id}-label`,
  "aria-describedby":
    [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
      .filter(Boolean)
      .join(" ") || undefined,
  "aria-invalid": error !== undefined,
});

/** A line to type into, with its label, hint and error. */
export function TextField(
  props: FieldProps & Omit<ComponentProps<typeof Input>, keyof FieldProps | "ref" | "className">,
) {
  const { id, label, hint, error, ...input } = props;
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <Input
        {...input}
        {...described(props)}
        variant={error === undefined ? "default" : "error"}
        className="w-full"
      />
    </Around>
  );
}

/** Several lines to type into. */
export function AreaField(
  props: FieldProps &
    Omit<ComponentProps<typeof InputArea>, keyof FieldProps | "ref" | "className">,
) {
  const { id, label, hint, error, ...input } = props;
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <InputArea
        {...input}
        {...described(props)}
        variant={error === undefined ? "default" : "error"}
        className="w-full"
      />
    </Around>
  );
}

type ChoiceProps<T extends string> = FieldProps & {
  value: T;
  options: readonly { value: T; label: string }[];
  onChoose(value: T): void;
};

/** One of a few. */
export function ChoiceField<T extends string>(props: ChoiceProps<T>) {
  const { id, label, hint, error, value, options, onChoose } = props;
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <select
        {...described(props)}
        value={value}
        onChange={({ target }) => {
          const chosen = options.find((each) => each.value === target.value);
          if (chosen !== undefined) onChoose(chosen.value);
        }}
        className="h-9 w-full rounded-lg border-0 bg-kumo-control px-3 text-kumo-default ring ring-kumo-line"
      >
        {options.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
    </Around>
  );
}

type TickProps = {
  id: string;
  label: ReactNode;
  isOn: boolean;
  onTick(isOn: boolean): void;
  /** What is said of the group that it is in. */
  errorId?: string | undefined;
};

export function TickField({ id, label, isOn, onTick, errorId }: TickProps) {
  return (
    <label htmlFor={id} className="inline-flex items-center gap-2.5">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        aria-invalid={errorId !== undefined}
        aria-describedby={errorId}
        onChange={({ target }) => onTick(target.checked)}
        className="size-4 flex-none accent-kumo-brand"
      />
      {label}
    </label>
  );
}

/** What went wrong with a form as a whole. */
export function Problem({ children }: { children: string | null }) {
  return (
    <div role="alert" className="empty:hidden">
      {children !== null && children !== "" && (
        <p className="problem rounded-lg bg-(--rose) px-3 py-2 text-kumo-default">{children}</p>
      )}
    </div>
  );
}
