import { Button } from "@cloudflare/kumo/components/button";
import { Dialog } from "@cloudflare/kumo/components/dialog";
import { Fragment } from "react";
import { useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";
import { MODIFIER, useShortcuts } from "#web/app/shortcuts.ts";

/** Every shortcut that is in force on this screen. */
export default function ShortcutList({ isOpen, close }: { isOpen: boolean; close(): void }) {
  const t = useMessages(shell);
  const shortcuts = useShortcuts();
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog className="max-h-[85dvh] overflow-y-auto p-6">
        <Dialog.Title className="mb-4 text-lg font-semibold">{t("shortcuts")}</Dialog.Title>
        <dl className="grid grid-cols-[1fr_auto] items-center gap-x-8 gap-y-2">
          {shortcuts.map(({ keys, label }) => (
            <Fragment key={keys}>
              <dt>{label}</dt>
              <dd className="flex justify-end gap-1">
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key === "mod" ? MODIFIER : key.toUpperCase()}</kbd>
                ))}
              </dd>
            </Fragment>
          ))}
        </dl>
        <div className="mt-6 flex justify-end">
          <Button onClick={close}>{t("close")}</Button>
        </div>
      </Dialog>
    </Dialog.Root>
  );
}
