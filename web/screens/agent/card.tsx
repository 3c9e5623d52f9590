import { useQuery } from "@tanstack/react-query";
import type { AgentCard } from "#domain/a2a/card.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { CopyButton } from "#web/ui/copy.tsx";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

const ABILITIES = ["streaming", "pushNotifications", "extendedAgentCard"] as const;

/** Its signed Agent Card, as others read it (A2A 1.0). */
export function CardPreview({ id }: { id: string }) {
  const card = useQuery({
    queryKey: ["agent", id, "card"],
    queryFn: async () =>
      (await api.operation("GET /v1/agents/{id}/card", { path: { id } })) as AgentCard,
  });
  return (
    <Read query={card} action="agent.read" lines={4}>
      {(read) => <Preview card={read} />}
    </Read>
  );
}

/** What a signature says of itself; nothing where it cannot be read. */
function headerOf({ protected: header }: { protected: string }): { alg?: string; kid?: string } {
  try {
    const base64 = header.replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(base64)) as { alg?: string; kid?: string };
  } catch {
    return {};
  }
}

function Preview({ card }: { card: AgentCard }) {
  const t = useMessages(agentWords);
  const { name, version, capabilities, skills, supportedInterfaces, signatures = [] } = card;
  const text = JSON.stringify(card, null, 2);
  return (
    <Card className="card-preview grid gap-3 p-4">
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-medium" dir="auto">
          {name}
        </span>
        <span className="text-kumo-subtle">{t("cardVersion", { version })}</span>
        <Badge tone={signatures.length > 0 ? "good" : "plain"}>
          {t(signatures.length > 0 ? "signed" : "unsigned")}
        </Badge>
      </p>
      <ul aria-label={t("skills")} className="grid gap-1.5">
        {skills.map((skill) => (
          <li key={skill.id} className="flex flex-wrap items-center gap-1.5">
            <span className="font-medium">{skill.name}</span>
            {skill.tags.map((tag) => (
              <Badge key={tag} tone="plain">
                {tag}
              </Badge>
            ))}
          </li>
        ))}
      </ul>
      <p className="text-kumo-subtle">
        {ABILITIES.filter((each) => capabilities[each] === true)
          .map((each) => t(each))
          .join(" · ")}
      </p>
      <ul className="grid gap-1 text-xs text-kumo-subtle">
        {supportedInterfaces.map(({ url, protocolBinding, protocolVersion }) => (
          <li key={`${protocolBinding} ${url}`}>
            {protocolBinding} {protocolVersion} <span className="font-mono break-all">{url}</span>
          </li>
        ))}
        {signatures.map((signature) => {
          const { alg = "", kid = "" } = headerOf(signature);
          return (
            <li key={signature.signature} className="font-mono break-all">
              {alg} {kid}
            </li>
          );
        })}
      </ul>
      <details>
        <summary className="w-fit text-kumo-subtle hover:text-kumo-link">{t("cardText")}</summary>
        <pre
          tabIndex={0}
          role="region"
          aria-label={t("cardText")}
          className="mt-2 max-h-96 overflow-auto rounded-lg bg-kumo-recessed p-3 font-mono text-xs"
        >
          {text}
        </pre>
        <div className="mt-2">
          <CopyButton text={text} />
        </div>
      </details>
    </Card>
  );
}
