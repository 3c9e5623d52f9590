import { Button } from "@cloudflare/kumo/components/button";
import { policyInput } from "#domain/policies/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import { lineAt, linesOf } from "#web/screens/policies/lines.ts";
import { policyWords } from "#web/screens/policies/messages.ts";
import type { Policy } from "#web/screens/policies/rules.tsx";
import { CodeArea } from "#web/ui/code-area.tsx";
import { Problem, useForm } from "#web/ui/form.tsx";
import { ui } from "#web/ui/messages.ts";
import { Card } from "#web/ui/page.tsx";

type Input = Operations["PUT /v1/policies"]["body"];
/** What is typed, and the version that it was begun with. */
type Values = { text: string; base: number };

/** What can be changed of a policy, as JSON. */
export const textOf = ({ otherwise, rules }: Policy): string =>
  `${JSON.stringify({ otherwise, rules }, null, 2)}\n`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes the next version of the policy; what is wrong stands with its line. */
export function EditPolicy({ policy, close }: { policy: Policy; close(): void }) {
  const t = useMessages(policyWords);
  const say = useMessages(ui);
  const form = useForm({
    name: "policy",
    first: { text: textOf(policy), base: policy.version } as Values,
    schema: policyInput,
    inputOf: ({ text }) => parsed(text) as Input,
    send: (body: Input, { base }) =>
      api.operation("PUT /v1/policies", { body, headers: { "if-match": `"${base}"` } }),
    done: () => {
      changed(new Set(["policy", "permission"]));
      close();
    },
  });
  const { values, change } = form;
  const leave = () => {
    form.forget();
    close();
  };
  return (
    <Card className="p-5">
      <form ref={form.form} noValidate onSubmit={form.onSubmit} className="grid gap-4">
        <CodeArea
          id="policy-text"
          label={t("text")}
          value={values.text}
          onType={(text) => change({ text })}
          marks={useMarks(values.text, form.errors)}
          lineName={(line) => t("line", { line })}
        />
        <p className="text-kumo-subtle">{t("textHint")}</p>
        {values.base !== policy.version && (
          <div
            role="status"
            className="flex flex-wrap items-center gap-3 rounded-lg bg-(--warm) p-3"
          >
            <span className="min-w-0 grow text-kumo-warning">
              {t("overtaken", { base: values.base, version: policy.version })}
            </span>
            <Button size="sm" onClick={() => change({ base: policy.version })}>
              {t("overwrite")}
            </Button>
          </div>
        )}
        <Problem>{form.problem}</Problem>
        <div className="flex justify-end gap-2">
          <Button onClick={leave}>{say("cancel")}</Button>
          <Button type="submit" variant="primary" disabled={form.isBusy}>
            {t("putInForce")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** What is wrong and where: while it is no JSON only that, since nothing else can be told. */
function useMarks(text: string, errors: ReadonlyMap<string, string>) {
  const t = useMessages(policyWords);
  const lines = linesOf(text);
  if (lines.brokenAt !== null) return [{ line: lines.brokenAt, pointer: "", detail: t("notJson") }];
  return [...errors].map(([pointer, detail]) => ({
    line: lineAt(lines, pointer),
    pointer,
    detail,
  }));
}
