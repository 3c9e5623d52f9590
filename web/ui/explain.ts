import { WisHubError } from "#sdk/error.ts";
import type { Say } from "#web/app/language.ts";
import type { ui } from "#web/ui/messages.ts";

/** A sentence for a failure, in the problem's own words where they say more than its code. */
export function explain(t: Say<typeof ui>, error: unknown): string {
  if (!(error instanceof WisHubError))
    return t("failedBecause", { reason: error instanceof Error ? error.message : String(error) });
  if (error.code === "network") return t("noServer");
  if (error.code === "too-many-requests") {
    const minutes = Math.max(1, Math.ceil((error.retryAfterMs ?? 60_000) / 60_000));
    return t("tooMany", { minutes });
  }
  if (error.code === "overloaded") return t("overloaded");
  const details = error.errors.map((found) => `${found.pointer} ${found.detail}`).join("; ");
  return t("failedBecause", { reason: details || error.message });
}
