import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { topicWords } from "#web/screens/topic/messages.ts";
import { ChoiceField, TextField } from "#web/ui/form.tsx";
import { SearchForm } from "#web/ui/form-card.tsx";
import { fromLocal } from "#web/ui/local-time.ts";

/** From where on a topic is read: behind `after`, or at a time, in one partition or in all. */
export type Replay = {
  partition?: number | undefined;
  after?: string | undefined;
  from?: string | undefined;
};
/** Whatever there is. */
export const EARLIEST: Replay = {};

const BEGINS = ["earliest", "offset", "time"] as const;
type Begin = (typeof BEGINS)[number];
type Partition = Operations["GET /v1/topics/{topic}"]["answer"]["partitions"][number];
type Props = { partitions: Partition[]; read(replay: Replay): void };

export function Place({ partitions, read }: Props) {
  const t = useMessages(topicWords);
  const [chosen, setChosen] = useState("");
  const [begin, setBegin] = useState<Begin>("earliest");
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string>();
  // An offset is one of a partition, so the first one stands in for all of them.
  const of =
    partitions.find(({ partition }) => String(partition) === chosen) ??
    (begin === "offset" ? partitions[0] : undefined);
  const { earliest = 0, latest = 0 } = of ?? {};
  const submit = () => {
    const replay = replayOf(begin, typed, of);
    const missed = begin === "time" ? t("timeNeeded") : t("offsetOf", { earliest, latest });
    setProblem(replay === null ? missed : undefined);
    if (replay !== null) read(replay);
  };
  return (
    <SearchForm ask={submit}>
      <ChoiceField
        id="replay-partition"
        label={t("partition")}
        value={of === undefined ? "" : String(of.partition)}
        options={[
          ...(begin === "offset" ? [] : [{ value: "", label: t("every") }]),
          ...partitions.map((each) => ({
            value: String(each.partition),
            label: t("place", placed(each)),
          })),
        ]}
        onChoose={setChosen}
      />
      <ChoiceField
        id="replay-begin"
        label={t("begin")}
        value={begin}
        options={BEGINS.map((value) => ({ value, label: t(`begin${value}`) }))}
        onChoose={(next) => {
          setBegin(next);
          setTyped("");
          setProblem(undefined);
        }}
      />
      {begin !== "earliest" && (
        <PlaceField
          isTime={begin === "time"}
          hint={t("offsetOf", { earliest, latest })}
          value={typed}
          error={problem}
          onType={setTyped}
        />
      )}
      <Button type="submit" variant="primary" className="justify-self-start">
        {t("read")}
      </Button>
    </SearchForm>
  );
}

/** What is asked for; null where nothing lies there. */
function replayOf(begin: Begin, typed: string, of: Partition | undefined): Replay | null {
  const partition = of?.partition;
  if (begin === "earliest") return { partition };
  if (begin === "time") {
    const from = fromLocal(typed);
    return from === "" ? null : { partition, from };
  }
  const offset = /^\d+$/.test(typed.trim()) ? Number(typed) : -1;
  const isThere = of !== undefined && offset >= of.earliest && offset <= of.latest;
  return isThere ? { partition, after: String(offset - 1) } : null;
}

const placed = ({ partition, earliest, latest }: Partition) => ({ partition, earliest, latest });

type FieldProps = {
  isTime: boolean;
  hint: string;
  value: string;
  error: string | undefined;
  onType(typed: string): void;
};

function PlaceField({ isTime, hint, value, error, onType }: FieldProps) {
  const t = useMessages(topicWords);
  const kind = isTime
    ? ({ type: "datetime-local", label: t("at") } as const)
    : ({ type: "text", inputMode: "numeric", label: t("offset"), hint } as const);
  return (
    <TextField
      id="replay-place"
      {...kind}
      value={value}
      onChange={({ target }) => onType(target.value)}
      autoComplete="off"
      error={error}
    />
  );
}
