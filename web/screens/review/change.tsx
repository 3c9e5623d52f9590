import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import { unitPatch } from "#domain/units/model.ts";
import type { Unit } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { reviewWords } from "#web/screens/review/messages.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { AreaField, errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { Sure } from "#web/ui/sure.tsx";

const UNIT = new Set(["unit"]);

/** What its account can do with a unit that was refused. */
export function Change({ unit }: { unit: Unit }) {
  const t = useMessages(reviewWords);
  const { may } = usePermissions();
  const [asking, setAsking] = useState<"mend" | "retract" | null>(null);
  const close = () => setAsking(null);
  const { title } = unit;
  return (
    <>
      {may("unit.revise") && (
        <Button size="sm" aria-label={t("mendOf", { title })} onClick={() => setAsking("mend")}>
          {t("mend")}
        </Button>
      )}
      {may("unit.retract") && (
        <Button
          size="sm"
          variant="secondary-destructive"
          aria-label={t("retractOf", { title })}
          onClick={() => setAsking("retract")}
        >
          {t("retract")}
        </Button>
      )}
      <Asked title={t("mend")} isOpen={asking === "mend"} close={close}>
        <Mend unit={unit} close={close} />
      </Asked>
      <Sure
        title={t("retract")}
        isOpen={asking === "retract"}
        close={close}
        label={t("retract")}
        act={() => api.retractUnit(unit.id)}
        done={() => changed(UNIT)}
      >
        <p className="font-medium" dir="auto">
          {title}
        </p>
        <p className="text-kumo-subtle">{t("retractLead")}</p>
      </Sure>
    </>
  );
}

type Props = { unit: Unit; close(): void };

function Mend({ unit: { id, version, title, body }, close }: Props) {
  const t = useMessages(reviewWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    // What was typed over another version is no draft of a change of this one.
    name: `mend-${id}-${version}`,
    first: { title, body },
    schema: unitPatch,
    inputOf: (typed) => ({ ...typed, title: typed.title.trim() }),
    send: (patch: { title: string; body: string }) => api.patchUnit(id, version, patch),
    done: () => {
      changed(UNIT);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("mendLead")}</p>
      <TextField
        id="mend-title"
        label={t("unitTitle")}
        value={values.title}
        onChange={({ target }) => change({ title: target.value })}
        autoComplete="off"
        dir="auto"
        error={errorAt(errors, "/title")}
      />
      <AreaField
        id="mend-body"
        label={t("body")}
        rows={10}
        value={values.body}
        onChange={({ target }) => change({ body: target.value })}
        dir="auto"
        error={errorAt(errors, "/body")}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("send")} />
    </form>
  );
}
