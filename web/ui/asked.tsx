import { Button } from "@cloudflare/kumo/components/button";
import { Dialog } from "@cloudflare/kumo/components/dialog";
import type { ReactNode } from "react";
import { useMessages } from "#web/app/language.ts";
import { Problem } from "#web/ui/form.tsx";
import { ui } from "#web/ui/messages.ts";

type Props = { title: string; isOpen: boolean; close(): void; children: ReactNode };

/** A question in front of the screen. */
export function Asked({ title, isOpen, close, children }: Props) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog className="p-6 sm:max-w-md">
        <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
        {children}
      </Dialog>
    </Dialog.Root>
  );
}

type EndProps = {
  problem: string | null;
  isBusy: boolean;
  close(): void;
  label: string;
  /** What leaving it is called, where "cancel" would be misread. */
  leave?: string;
  /** What it does cannot be taken back, or stops something. */
  isGrave?: boolean;
};

/** What went wrong with a form in a dialog, and its buttons. */
export function FormEnd({ problem, isBusy, close, label, leave, isGrave = false }: EndProps) {
  const t = useMessages(ui);
  return (
    <>
      <Problem>{problem}</Problem>
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{leave ?? t("cancel")}</Button>
        <Button type="submit" variant={isGrave ? "destructive" : "primary"} disabled={isBusy}>
          {label}
        </Button>
      </div>
    </>
  );
}
