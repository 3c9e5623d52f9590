import { PlusIcon, WebhooksLogoIcon } from "@phosphor-icons/react";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { webhookListWords } from "#web/screens/webhooks/messages.ts";
import { HookBadge, type Webhook } from "#web/screens/webhooks/hook-badge.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { LinkButton } from "#web/ui/link-button.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";

const PAGE = 100;
const SHOWN = 3;

/** Every address that the account's events are sent to. */
export function Webhooks() {
  const t = useMessages(webhookListWords);
  const { may } = usePermissions();
  const pages = usePages(["webhook", "list"], (cursor) =>
    api.operation("GET /v1/webhooks", { query: { limit: PAGE, cursor } }),
  );
  return (
    <Allowed action="webhook.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("webhook.change") && (
            <LinkButton to="/webhooks/new" icon={PlusIcon}>
              {t("add")}
            </LinkButton>
          )
        }
      >
        <Read query={pages} action="webhook.read">
          {(webhooks) =>
            webhooks.length > 0 ? (
              <LongList
                items={webhooks}
                keyOf={({ id }) => id}
                row={(webhook) => <WebhookRow webhook={webhook} />}
                more={pages.more}
                label={t("title")}
              />
            ) : (
              <Empty icon={<WebhooksLogoIcon size={32} />} title={t("none")}>
                {t("noneDetail")}
              </Empty>
            )
          }
        </Read>
      </Page>
    </Allowed>
  );
}

function WebhookRow({ webhook }: { webhook: Webhook }) {
  const { id, url, description, events } = webhook;
  return (
    <div className="webhook flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="min-w-0 grow max-sm:basis-full">
        <Link
          to="/webhook/$id"
          params={{ id }}
          className="font-medium break-all hover:text-kumo-link"
          dir="ltr"
        >
          {url}
        </Link>
        {description !== "" && (
          <p className="truncate text-kumo-subtle" dir="auto">
            {description}
          </p>
        )}
      </div>
      {events.slice(0, SHOWN).map((each) => (
        <Badge key={each} tone="plain">
          {each}
        </Badge>
      ))}
      {events.length > SHOWN && <Badge tone="plain">+{events.length - SHOWN}</Badge>}
      <HookBadge webhook={webhook} />
    </div>
  );
}
