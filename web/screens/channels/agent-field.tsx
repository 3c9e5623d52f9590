import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { channelListWords } from "#web/screens/channels/messages.ts";
import { ChoiceField, TextField } from "#web/ui/form.tsx";
import { toEnd } from "#web/ui/to-end.ts";

const PAGE = 100;

type Props = {
  id: string;
  label: string;
  value: string;
  onChoose(agentId: string): void;
  error?: string | undefined;
};

/** An agent of the account that has a mailbox here; they are searched where they are too many to choose from. */
export function AgentField({ id, value, onChoose, ...field }: Props) {
  const t = useMessages(channelListWords);
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const { data } = useQuery({
    queryKey: ["agent", "choice", q],
    queryFn: () => agentsLike(q),
    placeholderData: keepPreviousData,
  });
  const agents = (data?.items ?? []).filter(({ outside }) => outside === undefined);
  const isListed = value === "" || agents.some((agent) => agent.id === value);
  const chosen = useQuery({
    queryKey: ["agent", value],
    queryFn: () => api.operation("GET /v1/agents/{id}", { path: { id: value } }),
    enabled: !isListed,
  });
  const options = [
    { value: "", label: t("chooseAgent") },
    ...(isListed ? [] : [{ value, label: chosen.data?.name ?? value }]),
    ...agents.map((agent) => ({ value: agent.id, label: agent.name })),
  ];
  const isMany = typed !== "" || data?.isCut === true;
  return (
    <>
      {isMany && (
        <TextField
          id={`${id}-search`}
          type="search"
          label={t("searchAgent")}
          hint={
            <span role="status">
              {t(data?.isCut === true ? "someAgents" : "foundAgents", { count: agents.length })}
            </span>
          }
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          // The form is not what is sent off by it.
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
        />
      )}
      <ChoiceField {...field} id={id} value={value} options={options} onChoose={onChoose} />
    </>
  );
}

/** The newest where nothing is asked; to what is asked, whatever the API has. */
async function agentsLike(q: string) {
  if (q !== "")
    return await toEnd((cursor) =>
      api.operation("GET /v1/agents", { query: { limit: PAGE, cursor, q } }),
    );
  const { items, nextCursor } = await api.operation("GET /v1/agents", { query: { limit: PAGE } });
  return { items, isCut: nextCursor !== null };
}
