import { useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";
import { Page } from "#web/ui/page.tsx";

export function NotHere() {
  const t = useMessages(shell);
  return (
    <Page title={t("notHere")} lead={t("notHereDetail")}>
      <a className="link" href="#/">
        {t("home")}
      </a>
    </Page>
  );
}
