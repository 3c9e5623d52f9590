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
