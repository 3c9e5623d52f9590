import { CheckCircleIcon, CircleIcon } from "@phosphor-icons/react";
import type { Unit } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { unitWords } from "#web/screens/unit/messages.ts";
import { ui } from "#web/ui/messages.ts";

const LEVELS = ["L0", "L1", "L2", "L3", "L4", "L4.5", "L5"] as const;

/** How far up a unit is, from a draft to what independent experts confirm. */
export function Ladder({ level }: { level: Unit["level"] }) {
  const t = useMessages(unitWords);
  const say = useMessages(ui);
  const at = LEVELS.indexOf(level);
  return (
    <ol className="ladder grid gap-2">
      {LEVELS.map((each, index) => {
        const isReached = index <= at;
        const Icon = isReached ? CheckCircleIcon : CircleIcon;
        return (
          <li
            key={each}
            aria-current={each === level ? "step" : undefined}
            className={`flex gap-2.5 ${isReached ? "" : "text-kumo-subtle"}`}
          >
            <Icon
              size={18}
              weight={isReached ? "fill" : "regular"}
              className={`mt-0.5 flex-none ${isReached ? "text-kumo-link" : "text-kumo-inactive"}`}
              aria-hidden="true"
            />
            <span>
              <span className={each === level ? "font-semibold" : ""}>{each}</span>{" "}
              <span className="text-kumo-subtle">{say(`level${each}`)}</span>
              <span className="sr-only">, {t(isReached ? "reached" : "open")}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
