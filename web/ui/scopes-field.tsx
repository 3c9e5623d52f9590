import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import { useMessages } from "#web/app/language.ts";
import { TickField } from "#web/ui/form.tsx";
import { scopeWords } from "#web/ui/scope-messages.ts";

type Props = {
  /** What the ids of its ticks begin with. */
  id: string;
  /** Nobody gives more than they have. */
  offered: readonly Scope[];
  chosen: readonly Scope[];
  error: string | undefined;
  onChoose(scopes: Scope[]): void;
};

/** What something that signs in may do. */
export function ScopesField({ id, offered, chosen, error, onChoose }: Props) {
  const t = useMessages(scopeWords);
  const errorId = `${id}s-error`;
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 font-medium">{t("scopes")}</legend>
      <div className="grid gap-x-6 gap-y-2 md:grid-cols-2">
        {SCOPES.filter((scope) => offered.includes(scope)).map((scope) => (
          <TickField
            key={scope}
            id={`${id}-${scope.replace(":", "-")}`}
            label={
              <span>
                <code className="font-mono text-xs">{scope}</code>{" "}
                <span className="text-kumo-subtle">{t(`scope${scope}`)}</span>
              </span>
            }
            isOn={chosen.includes(scope)}
            errorId={error === undefined ? undefined : errorId}
            onTick={(isOn) =>
              onChoose(SCOPES.filter((each) => (each === scope ? isOn : chosen.includes(each))))
            }
          />
        ))}
      </div>
      {error !== undefined && (
        <p id={errorId} role="alert" className="problem text-kumo-danger">
          {chosen.length === 0 ? t("scopesNeeded") : error}
        </p>
      )}
    </fieldset>
  );
}
