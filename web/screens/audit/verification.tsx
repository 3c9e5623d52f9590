import { Button } from "@cloudflare/kumo/components/button";
import { ShieldCheckIcon, ShieldWarningIcon } from "@phosphor-icons/react";
import { useMutation } from "@tanstack/react-query";
import { type Say, useMessages } from "#web/app/language.ts";
import { type Check, CheckList, Hash } from "#web/screens/audit/checks.tsx";
import { logOf } from "#web/screens/audit/log.ts";
import { auditWords } from "#web/screens/audit/messages.ts";
import { isSound, type Verification, verify } from "#web/screens/audit/proofs.ts";
import { CopyButton } from "#web/ui/copy.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Failure } from "#web/ui/states.tsx";

/** Verifies the log, and says what was looked at. */
export function Verifying({ accountId }: { accountId: string }) {
  const t = useMessages(auditWords);
  const run = useMutation({ mutationFn: () => verify(logOf(accountId), accountId) });
  return (
    <Card className="mb-6 grid gap-4 p-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 max-w-2xl text-kumo-subtle">{t("verifyLead")}</p>
        <Button variant="primary" disabled={run.isPending} onClick={() => run.mutate()}>
          {t(run.isPending ? "verifying" : "verify")}
        </Button>
      </div>
      <div role="status" className="empty:hidden">
        {run.data !== undefined && !run.isPending && <Found found={run.data} />}
      </div>
      {run.error !== null && <Failure error={run.error} retry={() => run.mutate()} />}
    </Card>
  );
}

function Found({ found }: { found: Verification }) {
  const t = useMessages(auditWords);
  const format = useFormat();
  const isWhole = isSound(found);
  const { head } = found.server;
  const Icon = isWhole ? ShieldCheckIcon : ShieldWarningIcon;
  return (
    <div className={`found grid gap-3 rounded-lg p-4 ${isWhole ? "bg-(--soft)" : "bg-(--rose)"}`}>
      <p className="flex items-center gap-2 text-base font-semibold">
        <Icon
          size={24}
          weight="fill"
          aria-hidden="true"
          className={`flex-none ${isWhole ? "text-kumo-success" : "text-kumo-danger"}`}
        />
        {t(isWhole ? "sound" : "unsound")}
      </p>
      <CheckList checks={checksOf(t, found)} />
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 gap-y-1.5">
        <dt>{t("head")}</dt>
        <dd className="tabular-nums">{format.number(head.size)}</dd>
        <dt>{t("root")}</dt>
        <dd className="flex items-center gap-2">
          <Hash hex={head.root} />
          <CopyButton text={head.root} />
        </dd>
      </dl>
    </div>
  );
}

function checksOf(t: Say<typeof auditWords>, { server, heads, kept }: Verification): Check[] {
  const { wrong, entries } = server;
  const { newest } = heads;
  const read: Check =
    wrong === null
      ? { says: t("entriesproven", { count: entries }), found: "proven" }
      : { says: t(`wrong${wrong.reason}`, { seq: wrong.seq }), found: "broken" };
  const signed: Check = {
    proven: {
      says: t("headsproven", { count: heads.count }),
      found: heads.count === 0 ? "unknown" : "proven",
    } as const,
    broken: { says: t("headsbroken"), found: "broken" } as const,
    unknown: { says: t("signedunknown"), found: "unknown" } as const,
  }[heads.signed];
  const leads: Check[] =
    newest === undefined || heads.continued === "first"
      ? []
      : [
          {
            says: t(`leads${heads.continued}`, { size: newest.size }),
            found: foundOf(heads.continued),
          },
        ];
  const held: Check = {
    says: t(`kept${kept.continued}`, { size: kept.head?.size ?? 0 }),
    found: foundOf(kept.continued),
  };
  // Nothing is kept of a log that is wrong.
  const isKept = kept.continued !== "first" || isSound({ server, heads, kept });
  return [read, signed, ...leads, ...(isKept ? [held] : [])];
}

const foundOf = (continued: Verification["kept"]["continued"]): Check["found"] =>
  continued === "proven" || continued === "broken" ? continued : "unknown";
