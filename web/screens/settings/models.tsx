import { useQuery } from "@tanstack/react-query";
import { boundInput } from "#domain/inference/bound.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { Bar } from "#web/screens/settings/limits.tsx";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Facts } from "#web/ui/facts.tsx";
import { errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Spent = Operations["GET /v1/inference/use"]["answer"];
type Input = Operations["PUT /v1/inference/bound"]["body"];
const HOUR_S = 3_600;

/** What models were asked, and how much more they may be. */
export function Models() {
  const { may } = usePermissions();
  const spent = useQuery({
    queryKey: ["inference"],
    queryFn: () => api.operation("GET /v1/inference/use"),
    staleTime: 0,
    meta: { live: ["audit"] },
  });
  return (
    <Read query={spent} action="inference.read">
      {(read) => (
        <div className="grid gap-3">
          <Card className="models grid gap-4 p-5">
            <Today spent={read} />
            <ByModel days={read.days} />
          </Card>
          {may("inference.bound") && <Bound key={read.ownTokensPerDay} spent={read} />}
        </div>
      )}
    </Read>
  );
}

function Today({ spent }: { spent: Spent }) {
  const t = useMessages(settingWords);
  const format = useFormat();
  const { tokensPerDay, planTokensPerDay, spentToday, heldNow, renewsInSeconds } = spent;
  const used = spentToday + heldNow;
  const rows: [string, string][] = [
    [t("planBound"), planTokensPerDay === null ? t("unbounded") : format.number(planTokensPerDay)],
    [t("renews"), t("hours", { n: Math.ceil(renewsInSeconds / HOUR_S) })],
  ];
  return (
    <>
      {tokensPerDay !== null && <Bar label={t("spentToday")} used={used} most={tokensPerDay} />}
      <Facts
        rows={tokensPerDay === null ? [[t("spentToday"), format.number(used)], ...rows] : rows}
      />
    </>
  );
}

function ByModel({ days }: { days: Spent["days"] }) {
  const t = useMessages(settingWords);
  const format = useFormat();
  if (days.length === 0) return <p className="text-kumo-subtle">{t("noModels")}</p>;
  const models = Map.groupBy(days, ({ model }) => model);
  return (
    <ul className="grid gap-1.5">
      {[...models].map(([model, each]) => {
        const calls = each.reduce((sum, day) => sum + day.calls, 0);
        const tokens = each.reduce(
          (sum, day) => sum + day.promptTokens + day.completionTokens + day.unsettledTokens,
          0,
        );
        return (
          <li key={model} className="flex flex-wrap justify-between gap-x-4">
            <span className="font-mono text-xs">{model}</span>
            <span className="text-xs text-kumo-subtle tabular-nums">
              {t("modelUse", { calls, tokens: format.compact(tokens) })}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Bound({ spent: { ownTokensPerDay } }: { spent: Spent }) {
  const t = useMessages(settingWords);
  const first = { bound: ownTokensPerDay === null ? "" : String(ownTokensPerDay) };
  const form = useForm({
    // What was typed over another bound is no draft of a change of this one.
    name: `bound-${first.bound}`,
    first,
    schema: boundInput,
    inputOf: ({ bound }): Input => ({
      tokensPerDay: bound.trim() === "" ? null : Number(bound),
    }),
    send: (body: Input) => api.operation("PUT /v1/inference/bound", { body }),
    done: () => changed(new Set(["inference"])),
  });
  const { values, errors } = form;
  const error = errorAt(errors, "/tokensPerDay");
  return (
    <FormCard form={form} send={t("save")} sending={t("saving")}>
      <TextField
        id="models-bound"
        label={t("ownBound")}
        hint={t("ownBoundHint")}
        inputMode="numeric"
        autoComplete="off"
        value={values.bound}
        onChange={({ target }) => form.change({ bound: target.value })}
        error={
          error !== undefined && !Number.isInteger(Number(values.bound)) ? t("noNumber") : error
        }
      />
    </FormCard>
  );
}
