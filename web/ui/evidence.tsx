import { CheckCircleIcon, InfoIcon, XCircleIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import type { Evidence } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { evidenceWords } from "#web/ui/evidence-messages.ts";
import { Ago } from "#web/ui/time.tsx";

export const useEvidence = (unitId: string, isOn = true) =>
  useQuery({
    queryKey: ["unit", unitId, "evidence"],
    queryFn: () => api.evidence(unitId),
    enabled: isOn,
  });

const SIGNS = {
  pass: { Icon: CheckCircleIcon, tone: "text-kumo-success", word: "verdictpass" },
  fail: { Icon: XCircleIcon, tone: "text-kumo-danger", word: "verdictfail" },
  note: { Icon: InfoIcon, tone: "text-kumo-warning", word: "verdictnote" },
} as const;

/** Every check that was made of a unit, with its reasons. */
export function Checks({ evidence }: { evidence: Evidence }) {
  const t = useMessages(evidenceWords);
  if (evidence.checks.length === 0) return <p className="text-kumo-subtle">{t("noEvidence")}</p>;
  return (
    <ul className="checks grid gap-3">
      {evidence.checks.map((check) => {
        const { Icon, tone, word } = SIGNS[check.verdict];
        return (
          <li key={`${check.method} ${check.at}`} className="flex gap-2.5">
            <Icon
              size={18}
              weight="fill"
              className={`mt-0.5 flex-none ${tone}`}
              aria-hidden="true"
            />
            <div className="min-w-0 grow">
              <p className="flex flex-wrap items-baseline gap-x-2">
                <span className="sr-only">{t(word)}: </span>
                <span className="font-mono text-xs">
                  {check.method} {check.version}
                </span>
                <span className="text-xs text-kumo-subtle">{check.level}</span>
                <Ago at={check.at} className="ms-auto text-xs" />
              </p>
              {check.reasons.map((reason) => (
                <p key={`${reason.code}${reason.pointer ?? ""}`} className="text-kumo-subtle">
                  {reason.detail}
                </p>
              ))}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
