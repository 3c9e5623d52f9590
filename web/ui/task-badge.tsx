import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";
import { taskStates } from "#web/ui/task-messages.ts";

export type Task = Operations["GET /v1/tasks/{id}"]["answer"];

const TONES: Record<Task["state"], Tone> = {
  submitted: "plain",
  working: "busy",
  "input-required": "busy",
  "auth-required": "busy",
  completed: "good",
  failed: "bad",
  canceled: "plain",
  rejected: "bad",
};

export function TaskBadge({ state }: { state: Task["state"] }) {
  const t = useMessages(taskStates);
  return <Badge tone={TONES[state]}>{t(`state${state}`)}</Badge>;
}
