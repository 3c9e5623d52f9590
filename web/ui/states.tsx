import { Button } from "@cloudflare/kumo/components/button";
import { LockIcon, WarningCircleIcon } from "@phosphor-icons/react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { WisHubError } from "#sdk/error.ts";
import { useMessages } from "#web/app/language.ts";
import { type Action, usePermissions } from "#web/app/permissions.ts";
import { explain } from "#web/ui/explain.ts";
import { ui } from "#web/ui/messages.ts";
import { Page } from "#web/ui/page.tsx";

/** Something is being read. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const t = useMessages(ui);
  return (
    <div role="status" className="grid gap-3 py-2">
      <span className="sr-only">{t("loading")}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div
          key={line}
          aria-hidden="true"
          className="skeleton-line h-3.5"
          style={{ inlineSize: `${90 - ((line * 17) % 45)}%` }}
        />
      ))}
    </div>
  );
}

/** A whole screen is being loaded. */
export function Waiting() {
  return (
    <div className="mx-auto max-w-[72rem] px-4 py-9">
      <Skeleton lines={5} />
    </div>
  );
}

type EmptyProps = { icon?: ReactNode; title: string; children?: ReactNode };

/** There is nothing yet, and what to do about it. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className="grid justify-items-center gap-3 rounded-xl border border-dashed border-kumo-line px-6 py-10 text-center">
      <span className="text-kumo-inactive" aria-hidden="true">
        {icon}
      </span>
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-md text-kumo-subtle">{children}</div>}
    </div>
  );
}

type FailureProps = { error: unknown; retry?: (() => void) | undefined };

/** What went wrong in the problem's own words, with the id to ask about it. */
export function Failure({ error, retry }: FailureProps) {
  const t = useMessages(ui);
  const requestId = error instanceof WisHubError ? error.requestId : undefined;
  return (
    <div
      role="alert"
      className="flex items-start gap-3 rounded-xl border border-kumo-line bg-(--rose) px-4 py-3"
    >
      <WarningCircleIcon size={20} className="mt-0.5 flex-none text-kumo-danger" />
      <div className="min-w-0 grow">
        <p className="text-kumo-default">{explain(t, error)}</p>
        {requestId !== undefined && (
          <p className="mt-1 font-mono text-xs text-kumo-strong">
            {t("requestId", { id: requestId })}
          </p>
        )}
      </div>
      {retry !== undefined && (
        <Button size="sm" onClick={retry}>
          {t("retry")}
        </Button>
      )}
    </div>
  );
}

/** A screen threw: what a router shows in its place. */
export function Broken({ error, reset }: { error: unknown; reset(): void }) {
  const t = useMessages(ui);
  return (
    <div className="grid gap-4">
      <h1 className="text-xl font-semibold">{t("broken")}</h1>
      <Failure error={error} retry={reset} />
    </div>
  );
}

/** That one may not, and which rule says so. */
export function Forbidden({ action, error }: { action?: Action; error?: unknown }) {
  const t = useMessages(ui);
  const { why } = usePermissions();
  const decided = action === undefined ? undefined : why(action);
  const reason = decided?.reason ?? (error instanceof WisHubError ? error.message : "");
  return (
    <Empty icon={<LockIcon size={32} />} title={t("forbidden")}>
      <p>{reason}</p>
      {decided !== undefined && (
        <p className="mt-1 font-mono text-xs">{t("forbiddenRule", { rule: decided.rule })}</p>
      )}
    </Empty>
  );
}

/** Shows its children to whoever may do the action, and the rule to everybody else. */
export function Allowed({ action, children }: { action: Action; children: ReactNode }) {
  const { isKnown, may } = usePermissions();
  if (!isKnown) return <Skeleton lines={5} />;
  return may(action) ? children : <ForbiddenPage action={action} />;
}

function ForbiddenPage({ action }: { action: Action }) {
  const t = useMessages(ui);
  return (
    <Page title={t("forbidden")}>
      <Forbidden action={action} />
    </Page>
  );
}

/** What is shown is too long to follow what happens by itself. */
function Behind({ renew }: { renew(): void }) {
  const t = useMessages(ui);
  return (
    <div role="status" className="sticky top-2 z-10 mb-3 flex justify-center">
      <Button
        variant="primary"
        onClick={() => {
          scrollTo({ top: 0 });
          renew();
        }}
      >
        {t("behind")}
      </Button>
    </div>
  );
}

type ReadProps<T> = {
  query: Pick<UseQueryResult<T>, "error"> & {
    data: T | undefined;
    refetch(): unknown;
    /** Where something happened since that is not shown (pages.ts). */
    renew?: (() => void) | undefined;
  };
  /** What reading it takes, to say which rule refuses it. */
  action?: Action;
  lines?: number;
  children(data: T): ReactNode;
};

/** What a query has read, or how that goes: a skeleton, the failure with a retry, or the rule that forbids it. */
export function Read<T>({ query, action, lines = 4, children }: ReadProps<T>) {
  const { data, error, refetch, renew } = query;
  if (data !== undefined)
    return (
      <>
        {renew !== undefined && <Behind renew={renew} />}
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        {children(data)}
      </>
    );
  if (error instanceof WisHubError && error.status === 403)
    return <Forbidden error={error} {...(action !== undefined && { action })} />;
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  return <Skeleton lines={lines} />;
}
