import { Button } from "@cloudflare/kumo/components/button";
import { CheckIcon, CopyIcon } from "@phosphor-icons/react";
import { useState } from "react";
import { useMessages } from "#web/app/language.ts";
import { ui } from "#web/ui/messages.ts";

export function CopyButton({ text }: { text: string }) {
  const t = useMessages(ui);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <Button
      size="sm"
      icon={isCopied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
      onClick={() => void copy()}
    >
      {t(isCopied ? "copied" : "copy")}
    </Button>
  );
}

/** A text to be taken elsewhere. */
export function Copied({ text }: { text: string }) {
  return (
    <div className="flex items-center gap-2">
      <code className="min-w-0 grow rounded-lg bg-kumo-recessed px-3 py-2 font-mono text-xs break-all">
        {text}
      </code>
      <CopyButton text={text} />
    </div>
  );
}
