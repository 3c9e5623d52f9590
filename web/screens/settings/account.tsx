import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { regionInput } from "#domain/regions/input.ts";
import { HOMES } from "#domain/regions/regions.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { ChoiceField, errorAt, useForm } from "#web/ui/form.tsx";
import { Facts } from "#web/ui/facts.tsx";
import { FormCard } from "#web/ui/form-card.tsx";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Kept = Operations["GET /v1/account"]["answer"];
type Input = Operations["PUT /v1/account/region"]["body"];
const REGIONS = ["none", ...HOMES] as const;

/** What the account is called, and where it lives. */
export function Account() {
  const t = useMessages(settingWords);
  const { may } = usePermissions();
  const [saved, setSaved] = useState<Kept["region"] | "nothing">("nothing");
  const account = useQuery({
    queryKey: ["account"],
    queryFn: () => api.operation("GET /v1/account"),
    meta: { live: ["audit"] },
  });
  return (
    <Read query={account} action="account.read" lines={3}>
      {(read) => (
        <div className="grid gap-3">
          <Card className="p-5">
            <Facts
              rows={[
                [t("name"), <span dir="auto">{read.name}</span>],
                [t("id"), <code className="font-mono text-xs">{read.id}</code>],
                [t("region"), t(`region${read.region ?? "none"}`)],
              ]}
            />
          </Card>
          {may("account.change") && (
            <Home
              key={read.region}
              account={read}
              isSaved={saved === read.region}
              saved={setSaved}
            />
          )}
        </div>
      )}
    </Read>
  );
}

type Props = { account: Kept; isSaved: boolean; saved(region: Kept["region"]): void };

function Home({ account, isSaved, saved }: Props) {
  const t = useMessages(settingWords);
  const form = useForm({
    name: `region-${account.region ?? "none"}`,
    first: { region: (account.region ?? "none") as (typeof REGIONS)[number] },
    schema: regionInput,
    inputOf: ({ region }): Input => ({ region: region === "none" ? null : region }),
    send: (body: Input) => api.operation("PUT /v1/account/region", { body }),
    done: ({ region }) => {
      saved(region);
      changed(new Set(["account"]));
    },
  });
  return (
    <FormCard
      form={form}
      send={t("save")}
      sending={t("saving")}
      beside={
        <span role="status" className="text-kumo-subtle">
          {isSaved && t("saved")}
        </span>
      }
    >
      <ChoiceField
        id="account-region"
        label={t("region")}
        hint={t("regionHint")}
        value={form.values.region}
        options={REGIONS.map((value) => ({ value, label: t(`region${value}`) }))}
        onChoose={(region) => form.change({ region })}
        error={errorAt(form.errors, "/region")}
      />
    </FormCard>
  );
}
