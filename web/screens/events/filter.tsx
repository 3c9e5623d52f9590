import { Button } from "@cloudflare/kumo/components/button";
import { useState } from "react";
import { z } from "zod";
import { eventAbout, typePattern } from "#domain/topics/filter.ts";
import { TOPIC_NAMES } from "#domain/topics/topics.ts";
import { useMessages } from "#web/app/language.ts";
import type { EventQuestion } from "#web/app/questions.ts";
import { eventWords } from "#web/screens/events/messages.ts";
import { ChoiceField, errorAt, TextField } from "#web/ui/form.tsx";
import { SearchForm } from "#web/ui/form-card.tsx";
import { fromLocal, toLocal } from "#web/ui/local-time.ts";

const BEGINS = ["now", "hour", "day", "time"] as const;
type Begin = (typeof BEGINS)[number];
type Typed = Record<"topic" | "type" | "agent" | "task" | "at", string> & { begin: Begin };

const question = z.object({
  type: typePattern.optional(),
  agent: eventAbout.agent,
  task: eventAbout.task,
  since: z.string().min(1).optional(),
});

const typedOf = ({ topic, type, agent, task, since }: EventQuestion): Typed => {
  const begin = BEGINS.find((each) => each === since);
  return {
    topic: topic ?? "",
    type: type ?? "",
    agent: agent ?? "",
    task: task ?? "",
    begin: begin ?? (since === undefined ? "now" : "time"),
    at: since === undefined || begin !== undefined ? "" : toLocal(since),
  };
};

const some = (text: string): string | undefined => text.trim() || undefined;

type Props = { asked: EventQuestion; ask(question: EventQuestion): void };

/** Which events are wanted, and from when on. */
export function Filter({ asked, ask }: Props) {
  const t = useMessages(eventWords);
  const [typed, setTyped] = useState(() => typedOf(asked));
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const change = (changed: Partial<Typed>) => setTyped({ ...typed, ...changed });
  const submit = () => {
    const { topic, type, agent, task, begin, at } = typed;
    const since = begin === "now" ? undefined : begin === "time" ? fromLocal(at) : begin;
    const wanted = { type: some(type), agent: some(agent), task: some(task), since };
    const { error } = question.safeParse(wanted);
    const found = error?.issues.map(
      (issue) => [`/${issue.path.join("/")}`, issue.message] as const,
    );
    setErrors(new Map(found));
    if (error === undefined) ask({ topic: some(topic), ...wanted });
  };
  return (
    <SearchForm ask={submit}>
      <ChoiceField
        id="event-topic"
        label={t("topic")}
        value={typed.topic}
        options={["", ...TOPIC_NAMES].map((value) => ({ value, label: value || t("everyTopic") }))}
        onChoose={(topic) => change({ topic })}
      />
      {(["type", "agent", "task"] as const).map((name) => (
        <TextField
          key={name}
          id={`event-${name}`}
          label={t(name)}
          placeholder={name === "type" ? "unit.*" : undefined}
          value={typed[name]}
          onChange={({ target }) => change({ [name]: target.value })}
          autoComplete="off"
          error={errorAt(errors, `/${name}`)}
        />
      ))}
      <ChoiceField
        id="event-begin"
        label={t("begin")}
        value={typed.begin}
        options={BEGINS.map((value) => ({ value, label: t(`begin${value}`) }))}
        onChoose={(begin) => change({ begin })}
      />
      {typed.begin === "time" && (
        <TextField
          id="event-at"
          type="datetime-local"
          label={t("at")}
          value={typed.at}
          onChange={({ target }) => change({ at: target.value })}
          error={errorAt(errors, "/since")}
        />
      )}
      <Button type="submit" variant="primary" className="self-end justify-self-start">
        {t("show")}
      </Button>
    </SearchForm>
  );
}
