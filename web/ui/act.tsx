import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { changed } from "#web/app/queries.ts";
import { Failure } from "#web/ui/states.tsx";
import { Sure } from "#web/ui/sure.tsx";

type Props = {
  label: string;
  /** With what it is done to, for whoever hears it without its row. */
  name: string;
  act(): Promise<unknown>;
  /** What is read again afterwards, by the nouns of its keys. */
  touches: ReadonlySet<string>;
};

/** Does something at once, and says what went wrong beside it. */
export function ActButton({ label, name, act, touches }: Props) {
  const doing = useMutation({ mutationFn: act, onSuccess: () => changed(touches) });
  return (
    <>
      <Button size="sm" aria-label={name} disabled={doing.isPending} onClick={() => doing.mutate()}>
        {label}
      </Button>
      {doing.error !== null && <Failure error={doing.error} />}
    </>
  );
}

/** Asks first, with what it means as its children: it cannot be taken back. */
export function ConfirmButton({
  label,
  name,
  act,
  touches,
  children,
}: Props & { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        size="sm"
        variant="secondary-destructive"
        aria-label={name}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      <Sure
        title={name}
        isOpen={isOpen}
        close={() => setOpen(false)}
        label={label}
        act={act}
        done={() => changed(touches)}
      >
        <p className="text-kumo-subtle">{children}</p>
      </Sure>
    </>
  );
}
