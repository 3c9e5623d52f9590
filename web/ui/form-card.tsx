import { Button } from "@cloudflare/kumo/components/button";
import type { ReactNode } from "react";
import { Problem, type useForm } from "#web/ui/form.tsx";
import { Card } from "#web/ui/page.tsx";

type Props = {
  form: Pick<
    ReturnType<typeof useForm<object, unknown, unknown>>,
    "form" | "onSubmit" | "isBusy" | "problem"
  >;
  /** What sending is called. */
  send: string;
  sending: string;
  /** Stands on the line of the button. */
  beside?: ReactNode;
  className?: string;
  children: ReactNode;
};

/** A form that fills a card: its fields, its button, and what went wrong with it as a whole. */
export function FormCard({ form, send, sending, beside, className = "", children }: Props) {
  return (
    <Card className={`p-5 ${className}`}>
      <form ref={form.form} noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {children}
        <div className="flex flex-wrap items-center justify-between gap-3">
          {beside}
          <Button type="submit" variant="primary" disabled={form.isBusy}>
            {form.isBusy ? sending : send}
          </Button>
        </div>
        <Problem>{form.problem}</Problem>
      </form>
    </Card>
  );
}

type SearchProps = { ask(): void; children: ReactNode };

/** What a list is asked for, field beside field. */
export function SearchForm({ ask, children }: SearchProps) {
  return (
    <form
      noValidate
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
      className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3"
    >
      {children}
    </form>
  );
}
