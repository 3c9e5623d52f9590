import { useMessages } from "#web/app/language.ts";
import { CopyButton } from "#web/ui/copy.tsx";
import { ui } from "#web/ui/messages.ts";

/** A secret that no answer will ever hold again. */
export function ShownOnce({ secret, name }: { secret: string; name?: string }) {
  const t = useMessages(ui);
  return (
    <div role="status" className="new-key grid gap-2 rounded-lg bg-(--warm) p-4">
      {name !== undefined && (
        <p className="font-medium" dir="auto">
          {name}
        </p>
      )}
      <p className="text-kumo-warning">{t("shownOnce")}</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 grow font-mono text-xs break-all">{secret}</code>
        <CopyButton text={secret} />
      </div>
    </div>
  );
}
