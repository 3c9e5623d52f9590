import { PreviewCard } from "@cloudflare/kumo/primitives/preview-card";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { SearchHit } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { search } from "#web/screens/search/messages.ts";
import { Why } from "#web/screens/search/why.tsx";
import { LevelBadge } from "#web/ui/badges.tsx";
import { Checks, useEvidence } from "#web/ui/evidence.tsx";
import { useFormat } from "#web/ui/format.ts";
import { plainText } from "#web/ui/markdown.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

export function Hit({ hit }: { hit: SearchHit }) {
  const format = useFormat();
  return (
    <li className="hit">
      <Card className="px-4 py-3.5 focus-within:border-kumo-interact">
        <div className="flex items-baseline justify-between gap-4">
          <h2 className="min-w-0 text-base font-medium">
            <Link
              to="/unit/$id"
              params={{ id: hit.unitId }}
              className="hover:text-kumo-link"
              dir="auto"
            >
              {hit.title}
            </Link>
          </h2>
          <p className="flex flex-none items-center gap-3">
            <EvidenceCard hit={hit} />
            <span className="score text-kumo-subtle tabular-nums">{format.score(hit.score)}</span>
          </p>
        </div>
        <p className="mt-1 line-clamp-3 text-kumo-subtle" dir="auto">
          {plainText(hit.snippet)}
        </p>
        <Why hit={hit} />
      </Card>
    </li>
  );
}

/** The level, and on hover or focus the checks behind it. */
function EvidenceCard({ hit: { unitId, level, title } }: { hit: SearchHit }) {
  const t = useMessages(search);
  const [isOpen, setOpen] = useState(false);
  const evidence = useEvidence(unitId, isOpen);
  return (
    <PreviewCard.Root open={isOpen} onOpenChange={(open) => setOpen(open)}>
      <PreviewCard.Trigger
        delay={150}
        render={
          <Link to="/unit/$id" params={{ id: unitId }} aria-label={`${t("evidence")}: ${level}`} />
        }
      >
        <LevelBadge level={level} />
      </PreviewCard.Trigger>
      <PreviewCard.Portal>
        <PreviewCard.Positioner sideOffset={8} align="end" className="z-20">
          <PreviewCard.Popup
            render={<aside aria-label={`${t("evidence")}: ${title}`} />}
            className="w-[min(24rem,90vw)] rounded-xl border border-kumo-line bg-kumo-elevated p-4 shadow-lg"
          >
            <p className="mb-2 font-medium">{t("evidence")}</p>
            <Read query={evidence} lines={3}>
              {(read) => <Checks evidence={read} />}
            </Read>
          </PreviewCard.Popup>
        </PreviewCard.Positioner>
      </PreviewCard.Portal>
    </PreviewCard.Root>
  );
}
