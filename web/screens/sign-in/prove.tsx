import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Operations } from "#sdk/types.ts";
import { api, codeOf } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { heed } from "#web/app/session.ts";
import {
  CodeField,
  factorOf,
  FormCard,
  GoOn,
  LinkButton,
  SaidCard,
} from "#web/screens/sign-in/card.tsx";
import { signIn } from "#web/screens/sign-in/messages.ts";
import { passkeyProof } from "#web/screens/sign-in/passkey.ts";
import { PasskeyProver } from "#web/screens/sign-in/sign-in.tsx";
import { explain } from "#web/ui/explain.ts";
import { ui } from "#web/ui/messages.ts";
import { Skeleton } from "#web/ui/states.tsx";

type Props = { done(): void; leave(): void };
type Proof = Operations["POST /v1/sessions/second-factor"]["body"];

/** Proves the second factor once more; `done` when it is, `leave` for whoever cannot or will not. */
export function Prove({ done, leave }: Props) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const { data, error } = useQuery({
    queryKey: ["person"],
    queryFn: () => api.operation("GET /v1/people/me"),
    staleTime: 0,
  });
  // A key's session belongs to no person, and nothing asks it for a second factor.
  const isKeys = codeOf(error) === "not-found";
  useEffect(() => {
    if (isKeys) done();
  }, [isKeys, done]);
  const onward = <GoOn onClick={leave} />;
  if (error !== null && !isKeys)
    return <SaidCard title={t("proveTitle")} detail={explain(say, error)} onward={onward} />;
  if (data === undefined) return <Skeleton />;
  if (!data.factors.totp && data.factors.passkeys === 0)
    return (
      <SaidCard title={t("factorMissing")} detail={t("factorMissingDetail")} onward={onward} />
    );
  return <ProveCard done={done} leave={leave} />;
}

function ProveCard({ done, leave }: Props) {
  const t = useMessages(signIn);
  const say = useMessages(ui);
  const prove = async (body: Proof) => {
    await api.operation("POST /v1/sessions/second-factor", { body });
    done();
  };
  return (
    <FormCard
      title={t("proveTitle")}
      lead={t("proveLead")}
      button={t("goOn")}
      failure={(error) => {
        if (codeOf(error) === "second-factor-required") return t("wrongCode");
        heed(error);
        return explain(say, error);
      }}
      submit={({ code = "" }) => prove(factorOf(code))}
      more={
        <>
          <PasskeyProver
            label={t("passkeyProve")}
            prove={async () => prove({ passkey: await passkeyProof() })}
          />
          <LinkButton label={t("notNow")} onClick={leave} />
        </>
      }
    >
      <CodeField />
    </FormCard>
  );
}
