import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { rotation } from "#domain/accounts/rotate.ts";
import type { Session } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { keyWords } from "#web/screens/keys/messages.ts";
import { type Key, under, useMaker } from "#web/screens/keys/reach.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { ChoiceField, useForm } from "#web/ui/form.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Read } from "#web/ui/states.tsx";
import { Sure } from "#web/ui/sure.tsx";
import { Ago } from "#web/ui/time.tsx";

export type Made = Operations["POST /v1/keys"]["answer"];
export const KEY = new Set(["key"]);

type Props = {
  apiKey: Key;
  /** Those of the account as far as they were read. */
  keys: readonly Key[];
  session: Session;
  isInReach(key: Key): boolean;
  take(made: Made): void;
};

const isOver = ({ expiresAt }: Key): boolean =>
  expiresAt !== null && Date.parse(expiresAt) <= Date.now();

/** A key: what it may do, what became of it, and what can be done with it. */
export function KeyRow(props: Props) {
  const { apiKey, session } = props;
  const t = useMessages(keyWords);
  return (
    <div className="key grid gap-1.5 py-1">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium" dir="auto">
          {apiKey.name}
        </span>
        {apiKey.id === session.keyId && <Badge tone="good">{t("yours")}</Badge>}
        {isOver(apiKey) && <Badge tone="bad">{t("expired")}</Badge>}
        {apiKey.replacedById !== null && <Badge tone="busy">{t("replaced")}</Badge>}
        <Change {...props} />
      </div>
      <p className="flex flex-wrap gap-1.5">
        {apiKey.scopes.map((scope) => (
          <Badge key={scope} tone="plain">
            {scope}
          </Badge>
        ))}
      </p>
      <Facts {...props} />
    </div>
  );
}

function Facts({ apiKey, keys, session }: Props) {
  const t = useMessages(keyWords);
  const format = useFormat();
  const { may } = usePermissions();
  const { id, createdAt, lastUsedAt, expiresAt, agentId, networks } = apiKey;
  const maker = useMaker(apiKey, keys, session);
  const isAnothers = agentId === null && apiKey.principalId !== session.principalId;
  const facts: [string, ReactNode][] = [
    ["id", <code className="font-mono">{id}</code>],
    [
      "made",
      <>
        {t("made")} <Ago at={createdAt} />
      </>,
    ],
    [
      "used",
      lastUsedAt === null ? (
        t("neverUsed")
      ) : (
        <>
          {t("used")} <Ago at={lastUsedAt} />
        </>
      ),
    ],
    ["ends", expiresAt !== null && t("ends", { time: format.time(expiresAt) })],
    ["maker", maker !== null && t("madeWith", { name: maker })],
    ["holder", isAnothers && t("holder", { id: apiKey.principalId })],
    [
      "agent",
      agentId !== null && (
        <Link to="/agent/$id" params={{ id: agentId }} className="link">
          {t("actsAs")}
        </Link>
      ),
    ],
    [
      "did",
      may("audit.read") && (
        <Link to="/audit" search={{ actor: id }} className="link">
          {t("did")}
        </Link>
      ),
    ],
    ["from", networks !== null && t("from", { networks: networks.join(", ") })],
  ];
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-kumo-subtle">
      {facts.map(([name, fact]) => fact !== false && <li key={name}>{fact}</li>)}
    </ul>
  );
}

function Change(props: Props) {
  const { apiKey, session } = props;
  const t = useMessages(keyWords);
  const { may } = usePermissions();
  const [asking, setAsking] = useState<"rotate" | "revoke" | null>(null);
  const close = () => setAsking(null);
  const { name } = apiKey;
  const isRotatable =
    apiKey.principalId === session.principalId &&
    apiKey.replacedById === null &&
    !isOver(apiKey) &&
    props.isInReach(apiKey);
  return (
    <div className="ms-auto flex flex-wrap gap-2">
      {isRotatable && may("key.rotate") && (
        <Button size="sm" aria-label={t("rotateOf", { name })} onClick={() => setAsking("rotate")}>
          {t("rotate")}
        </Button>
      )}
      {may("key.revoke") && (
        <Button
          size="sm"
          variant="secondary-destructive"
          aria-label={t("revokeOf", { name })}
          onClick={() => setAsking("revoke")}
        >
          {t("revoke")}
        </Button>
      )}
      <Asked title={t("rotateOf", { name })} isOpen={asking === "rotate"} close={close}>
        <Rotate {...props} close={close} />
      </Asked>
      <Revoke {...props} isOpen={asking === "revoke"} close={close} />
    </div>
  );
}

const OVERLAPS = ["0", "3600", "86400", "604800"] as const;

function Rotate({ apiKey: { id }, take, close }: Props & { close(): void }) {
  const t = useMessages(keyWords);
  const { form, values, change, problem, isBusy, onSubmit } = useForm({
    name: `rotate-${id}`,
    first: { overlap: "86400" as (typeof OVERLAPS)[number] },
    schema: rotation,
    inputOf: ({ overlap }) => ({ overlapSeconds: Number(overlap) }),
    send: (body: { overlapSeconds: number }, _, once) =>
      api.operation("POST /v1/keys/{id}/rotate", {
        path: { id },
        body,
        ...once,
      }),
    done: (made: Made) => {
      take(made);
      changed(KEY);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("rotateLead")}</p>
      <ChoiceField
        id="key-overlap"
        label={t("overlap")}
        value={values.overlap}
        options={OVERLAPS.map((value) => ({ value, label: t(`overlap${value}`) }))}
        onChoose={(overlap) => change({ overlap })}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("rotate")} />
    </form>
  );
}

function Revoke({ apiKey, session, isOpen, close }: Props & { isOpen: boolean; close(): void }) {
  const t = useMessages(keyWords);
  const { id, name } = apiKey;
  return (
    <Sure
      title={t("revokeOf", { name })}
      isOpen={isOpen}
      close={close}
      label={t("revoke")}
      act={() => api.operation("DELETE /v1/keys/{id}", { path: { id } })}
      done={() => changed(KEY)}
    >
      <p className="text-kumo-subtle">{t("revokeLead")}</p>
      <Below id={id} />
      {id === session.keyId && <p className="text-kumo-warning">{t("revokeYours")}</p>}
    </Sure>
  );
}

const NAMED_MAX = 10;

/** The keys that end with one: of all that the account has, not only of those that were scrolled to. */
function Below({ id }: { id: string }) {
  const t = useMessages(keyWords);
  const below = useQuery(under(id));
  return (
    <Read query={below} action="key.read" lines={1}>
      {({ items, isCut }) => {
        const named = items.slice(0, NAMED_MAX).map(({ name }) => name);
        const names = [...named, ...(items.length > NAMED_MAX ? ["…"] : [])].join(", ");
        return (
          <>
            {items.length > 0 && <p dir="auto">{t("revokeDown", { n: items.length, names })}</p>}
            {isCut && <p className="text-kumo-subtle">{t("revokeCut", { n: items.length })}</p>}
          </>
        );
      }}
    </Read>
  );
}
