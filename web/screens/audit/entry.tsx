import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AuditPage } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import type { AuditQuestion } from "#web/app/questions.ts";
import { type Check, CheckList, Hash } from "#web/screens/audit/checks.tsx";
import { logOf } from "#web/screens/audit/log.ts";
import { auditWords } from "#web/screens/audit/messages.ts";
import { type EntryProof, proveEntry } from "#web/screens/audit/proofs.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Failure } from "#web/ui/states.tsx";

export type Entry = AuditPage["items"][number];

const REFUSED_FROM = 400;
const toneOf = ({ phase, status = 0 }: Entry): Tone =>
  phase === "refused" || status >= REFUSED_FROM ? "bad" : phase === "outcome" ? "good" : "plain";

type Props = { entry: Entry; accountId: string };

/** An entry of the log; what stands in it is unfolded. */
export function EntryRow({ entry, accountId }: Props) {
  const t = useMessages(auditWords);
  const format = useFormat();
  const { seq, at, phase, action, resource, actor, status } = entry;
  return (
    <details className="entry">
      <summary className="flex cursor-pointer list-none items-baseline gap-3 hover:text-kumo-link max-sm:flex-wrap">
        <span className="w-12 flex-none text-end font-mono text-xs text-kumo-subtle tabular-nums max-sm:w-auto">
          {seq}
        </span>
        <time dateTime={at} className="flex-none font-mono text-xs text-kumo-subtle tabular-nums">
          {format.time(at)}
        </time>
        <Badge tone={toneOf(entry)}>
          {t(`phase${phase}`)}
          {status !== undefined && ` ${status}`}
        </Badge>
        <span className="flex-none font-medium">{action}</span>
        <span className="min-w-0 grow truncate font-mono text-xs text-kumo-subtle">
          {resource.id ?? resource.type}
        </span>
        <span className="min-w-0 truncate font-mono text-xs text-kumo-subtle max-sm:hidden">
          {actor.credential ?? actor.id}
        </span>
      </summary>
      <Unfolded entry={entry} accountId={accountId} />
    </details>
  );
}

function Unfolded({ entry, accountId }: Props) {
  const t = useMessages(auditWords);
  const format = useFormat();
  const { may } = usePermissions();
  const { seq, at, actor, resource, request, of, status, code, detail, prev } = entry;
  const rows: [string, ReactNode][] = [
    [t("number"), seq],
    [t("at"), <time dateTime={at}>{format.time(at)}</time>],
    [t("actor"), <Id id={actor.id} ask={{ actor: actor.id }} />],
    [
      t("credential"),
      actor.credential !== undefined && (
        <Id id={actor.credential} ask={{ actor: actor.credential }} />
      ),
    ],
    [
      t("resource"),
      <>
        {resource.type}{" "}
        {resource.id !== undefined && <Id id={resource.id} ask={{ resource: resource.id }} />}
      </>,
    ],
    [t("status"), status !== undefined && [status, code ?? ""].join(" ")],
    [t("of"), of !== undefined && t("ofEntry", { seq: of })],
    [
      t("request"),
      request !== undefined &&
        (may("log.read") ? (
          <Link to="/logs" search={{ q: request }} className="link font-mono text-xs">
            {request}
          </Link>
        ) : (
          <code className="font-mono text-xs">{request}</code>
        )),
    ],
    [
      t("detail"),
      detail !== undefined && (
        <pre className="font-mono text-xs whitespace-pre-wrap" dir="auto">
          {JSON.stringify(detail, null, 2)}
        </pre>
      ),
    ],
    [t("prev"), <Hash hex={prev} />],
  ];
  return (
    <div className="mt-2 mb-1 grid gap-3 rounded-lg bg-kumo-recessed p-4">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5 max-sm:grid-cols-1">
        {rows.map(
          ([name, value]) =>
            value !== false && (
              <div key={name} className="contents">
                <dt className="text-kumo-subtle">{name}</dt>
                <dd className="min-w-0">{value}</dd>
              </div>
            ),
        )}
      </dl>
      <Proving seq={seq} accountId={accountId} />
    </div>
  );
}

/** An id, and the way to what else has to do with it. */
function Id({ id, ask }: { id: string; ask: AuditQuestion }) {
  const t = useMessages(auditWords);
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-3">
      <code className="font-mono text-xs">{id}</code>
      <Link to="/audit" search={ask} aria-label={`${t("only")}: ${id}`} className="link text-xs">
        {t("only")}
      </Link>
    </span>
  );
}

function Proving({ seq, accountId }: { seq: number; accountId: string }) {
  const t = useMessages(auditWords);
  const run = useMutation({ mutationFn: () => proveEntry(logOf(accountId), seq, accountId) });
  return (
    <>
      <Button
        size="sm"
        className="justify-self-start"
        disabled={run.isPending}
        onClick={() => run.mutate()}
      >
        {t(run.isPending ? "proving" : "prove")}
      </Button>
      <div role="status" className="empty:hidden">
        {run.data !== undefined && <Proof proof={run.data} />}
      </div>
      {run.error !== null && <Failure error={run.error} retry={() => run.mutate()} />}
    </>
  );
}

function Proof({ proof }: { proof: EntryProof }) {
  const t = useMessages(auditWords);
  const { isHashed, isIncluded, signed, head, text, leaf } = proof;
  const included = { size: head.size, steps: proof.proof.length };
  const foundOf = (is: boolean) => (is ? "proven" : "broken");
  const checks: Check[] = [
    { says: t(`leaf${foundOf(isHashed)}`), found: foundOf(isHashed) },
    { says: t(`included${foundOf(isIncluded)}`, included), found: foundOf(isIncluded) },
    { says: t(`signed${signed}`), found: signed },
  ];
  return (
    <div className="proof grid gap-3">
      <CheckList checks={checks} />
      <pre
        className="rounded-lg bg-kumo-base p-3 font-mono text-xs break-all whitespace-pre-wrap"
        dir="auto"
      >
        {text}
      </pre>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1 max-sm:grid-cols-1">
        <dt className="text-kumo-subtle">{t("root")}</dt>
        <dd>
          <Hash hex={leaf} />
        </dd>
        <dt className="text-kumo-subtle">{t("head")}</dt>
        <dd>
          <Hash hex={head.root} />
        </dd>
      </dl>
    </div>
  );
}
