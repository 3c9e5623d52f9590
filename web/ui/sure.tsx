import type { ReactNode } from "react";
import { z } from "zod";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { useForm } from "#web/ui/form.tsx";

type Props = {
  title: string;
  isOpen: boolean;
  close(): void;
  /** What doing it is called. */
  label: string;
  act(): Promise<unknown>;
  done(): void;
  /** What it does. */
  children: ReactNode;
};

/** Asks before something that cannot be taken back. */
export function Sure({ title, isOpen, close, ...question }: Props) {
  return (
    <Asked title={title} isOpen={isOpen} close={close}>
      <Question {...question} close={close} />
    </Asked>
  );
}

const NOTHING = z.object({});

function Question({ label, act, done, close, children }: Omit<Props, "title" | "isOpen">) {
  const { form, problem, isBusy, onSubmit } = useForm({
    name: "sure",
    first: {},
    schema: NOTHING,
    inputOf: () => ({}),
    send: act,
    done: () => {
      done();
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      {children}
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={label} isGrave />
    </form>
  );
}
