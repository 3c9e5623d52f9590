import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { peopleWords } from "#web/screens/people/messages.ts";
import { Asked } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { CopyButton } from "#web/ui/copy.tsx";
import { ChoiceField } from "#web/ui/form.tsx";
import { useFormat } from "#web/ui/format.ts";
import { ui } from "#web/ui/messages.ts";
import { Card, Section } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Erasure = Operations["GET /v1/erasures/{id}"]["answer"];
type Certificate = NonNullable<Erasure["certificate"]>;
const UNITS = ["keep", "erase"] as const;
const TOUCHED = new Set(["member", "erasure"]);

/** Asks what becomes of what they wrote, and erases a member for good. */
export function EraseButton({ member: { id, name } }: { member: { id: string; name: string } }) {
  const t = useMessages(peopleWords);
  const say = useMessages(ui);
  const [isOpen, setOpen] = useState(false);
  const [units, setUnits] = useState<(typeof UNITS)[number]>("keep");
  const close = () => setOpen(false);
  const erase = useMutation({
    mutationFn: () =>
      api.operation("POST /v1/members/{id}/erase", { path: { id }, body: { units } }),
    onSuccess: () => {
      close();
      changed(TOUCHED);
    },
  });
  const title = t("eraseOf", { name });
  return (
    <>
      <Button
        size="sm"
        variant="secondary-destructive"
        aria-label={title}
        onClick={() => setOpen(true)}
      >
        {t("erase")}
      </Button>
      <Asked title={title} isOpen={isOpen} close={close}>
        <div className="mt-2 grid gap-4">
          <p className="text-kumo-subtle">{t("eraseLead")}</p>
          <ChoiceField
            id="erase-units"
            label={t("theirUnits")}
            value={units}
            options={UNITS.map((value) => ({ value, label: t(`units${value}`) }))}
            onChoose={(chosen) => setUnits(chosen)}
          />
          {erase.error !== null && <Failure error={erase.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={close}>{say("cancel")}</Button>
            <Button variant="destructive" disabled={erase.isPending} onClick={() => erase.mutate()}>
              {t("erase")}
            </Button>
          </div>
        </div>
      </Asked>
    </>
  );
}

/** The certificates of who was erased; nothing where nobody was. */
export function Erasures() {
  const t = useMessages(peopleWords);
  const say = useMessages(ui);
  const pages = usePages(["erasure"], (cursor) =>
    api.operation("GET /v1/erasures", { query: { cursor } }),
  );
  if (pages.data?.length === 0) return null;
  return (
    <Section title={t("erasures")}>
      <Read query={pages} action="erasure.read" lines={2}>
        {(erasures) => (
          <>
            <ul aria-label={t("erasures")} className="erasures grid gap-2">
              {erasures.map((erasure) => (
                <li key={erasure.id}>
                  <ErasureCard erasure={erasure} />
                </li>
              ))}
            </ul>
            {pages.more !== undefined && (
              <button type="button" className="link mt-2" onClick={pages.more}>
                {say("more")}
              </button>
            )}
          </>
        )}
      </Read>
    </Section>
  );
}

function ErasureCard({ erasure }: { erasure: Erasure }) {
  const t = useMessages(peopleWords);
  const { subject, status, units, startedAt, certificate } = erasure;
  return (
    <Card className="px-4 py-2.5">
      <details>
        <summary className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-mono text-xs">{subject}</span>
          <Badge tone={status === "done" ? "good" : "busy"}>{t(`erasure${status}`)}</Badge>
          <span className="text-kumo-subtle">
            {t("theirUnits")}: {t(`units${units}`)}
          </span>
          <Ago at={startedAt} className="ms-auto text-xs" />
        </summary>
        {certificate === null ? (
          <p className="mt-3 text-kumo-subtle">{t("noCertificate")}</p>
        ) : (
          <CertificateView certificate={certificate} />
        )}
      </details>
    </Card>
  );
}

function CertificateView({ certificate }: { certificate: Certificate }) {
  const t = useMessages(peopleWords);
  const format = useFormat();
  const { stores, remains, signature } = certificate;
  return (
    <div className="certificate mt-3 grid gap-4">
      <ul className="grid gap-1.5">
        {stores.map(({ store, removed, note }) => (
          <li key={store} className="grid gap-x-4 sm:grid-cols-[6rem_5rem_minmax(0,1fr)]">
            <span className="font-medium">{store}</span>
            <span className="tabular-nums">{t("removed", { count: format.number(removed) })}</span>
            <span className="text-kumo-subtle">{note}</span>
          </li>
        ))}
      </ul>
      <div>
        <h3 className="mb-1 font-medium">{t("remains")}</h3>
        <ul className="list-disc ps-5 text-kumo-subtle">
          {remains.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <span className="min-w-0 grow font-mono text-xs text-kumo-subtle">
          {signature.algorithm} {signature.value}
        </span>
        <CopyButton text={JSON.stringify(certificate, null, 2)} />
      </div>
    </div>
  );
}
