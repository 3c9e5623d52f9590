import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { z } from "zod";
import type { Collections as Kept } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { ChoiceField, errorAt, useForm } from "#web/ui/form.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Collection = Kept["items"][number];
type Input = Operations["PUT /v1/collections/{visibility}/space"]["body"];

/** What is searched together, and the embedding space that each is in. */
export function Collections() {
  const collections = useQuery({
    queryKey: ["unit", "collections"],
    queryFn: () => api.collections(),
  });
  const spaces = useQuery({
    queryKey: ["space"],
    queryFn: () => api.operation("GET /v1/spaces"),
  });
  return (
    <Read query={collections} action="collection.read">
      {({ items }) => (
        <Card>
          <ul className="collections divide-y divide-kumo-line">
            {items.map((each) => (
              <CollectionRow
                key={each.visibility}
                collection={each}
                spaces={spaces.data?.items.map(({ id }) => id) ?? []}
              />
            ))}
          </ul>
        </Card>
      )}
    </Read>
  );
}

type Props = { collection: Collection; spaces: readonly string[] };

function CollectionRow({ collection, spaces }: Props) {
  const t = useMessages(settingWords);
  const format = useFormat();
  const { may } = usePermissions();
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const { visibility, space, move, shards } = collection;
  const others = spaces.filter((each) => each !== space);
  const size = {
    leaves: shards.leaves,
    passages: format.number(shards.passages),
    bytes: format.bytes(shards.bytes),
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
      <div className="min-w-0 grow">
        <p className="font-medium">{t(`collection${visibility}`)}</p>
        <p className="text-kumo-subtle">
          <span className="font-mono text-xs">{t("inSpace", { space })}</span>
          <br />
          <span className="text-xs">{t("size", size)}</span>
        </p>
      </div>
      {move !== null && <Badge tone="busy">{t("moving", { space: move.target })}</Badge>}
      {others.length > 0 && may("collection.move") && (
        <Button size="sm" onClick={() => setOpen(true)}>
          {t("move")}
        </Button>
      )}
      <Asked title={t("move")} isOpen={isOpen} close={close}>
        <Move visibility={visibility} others={others} close={close} />
      </Asked>
    </li>
  );
}

type MoveProps = {
  visibility: Collection["visibility"];
  others: readonly string[];
  close(): void;
};
const moveInput = z.object({ space: z.string().min(1) });

function Move({ visibility, others, close }: MoveProps) {
  const t = useMessages(settingWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: `move-${visibility}`,
    first: { space: others[0] ?? "" },
    schema: moveInput,
    inputOf: (input): Input => input,
    send: (body: Input) =>
      api.operation("PUT /v1/collections/{visibility}/space", { path: { visibility }, body }),
    done: () => {
      changed(new Set(["unit"]));
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("moveLead")}</p>
      <ChoiceField
        id="move-space"
        label={t("space")}
        value={values.space}
        options={others.map((value) => ({ value, label: value }))}
        onChoose={(space) => change({ space })}
        error={errorAt(errors, "/space")}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("move")} />
    </form>
  );
}
