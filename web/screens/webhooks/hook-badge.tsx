import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { webhookListWords } from "#web/screens/webhooks/messages.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";

export type Webhook = Operations["GET /v1/webhooks/{id}"]["answer"];
export const WEBHOOK = new Set(["webhook"]);

const TONES: Record<Webhook["state"], Tone> = { active: "good", paused: "busy", disabled: "bad" };

/** How a webhook stands, and why where it was disabled. */
export function HookBadge({ webhook: { state, reason } }: { webhook: Webhook }) {
  const t = useMessages(webhookListWords);
  return (
    <Badge tone={TONES[state]}>
      {t(`state${state}`)}
      {reason !== null && `: ${t(`reason${reason}`)}`}
    </Badge>
  );
}
