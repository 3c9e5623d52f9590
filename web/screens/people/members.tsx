import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ROLES } from "#domain/accounts/model.ts";
import { memberPatch } from "#domain/people/members.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { EraseButton } from "#web/screens/people/erasures.tsx";
import { peopleWords } from "#web/screens/people/messages.ts";
import { ConfirmButton } from "#web/ui/act.tsx";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { ChoiceField, errorAt, useForm } from "#web/ui/form.tsx";
import { LongList } from "#web/ui/list.tsx";
import { usePages } from "#web/ui/pages.ts";
import { roles } from "#web/ui/role-messages.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

export type Member = Operations["GET /v1/members"]["answer"]["items"][number];
export const MEMBER = new Set(["member"]);
const PAGE = 100;

/** Everybody of the account, the newest first. */
export function Members() {
  const t = useMessages(peopleWords);
  const me = useQuery({
    queryKey: ["member", "me"],
    queryFn: () => api.operation("GET /v1/sessions/current"),
  });
  const pages = usePages(["member", "list"], (cursor) =>
    api.operation("GET /v1/members", { query: { limit: PAGE, cursor } }),
  );
  return (
    <Read query={pages} action="member.read">
      {(members) => (
        <LongList
          items={members}
          keyOf={({ id }) => id}
          row={(member) => <MemberRow member={member} me={me.data} />}
          more={pages.more}
          label={t("members")}
        />
      )}
    </Read>
  );
}

type Me = Operations["GET /v1/sessions/current"]["answer"];

function MemberRow({ member, me }: { member: Member; me: Me | undefined }) {
  const t = useMessages(peopleWords);
  const say = useMessages(roles);
  const { id, kind, name, email, role, createdAt } = member;
  const isMe = me?.principalId === id;
  // Only an owner touches owners.
  const isMine = me !== undefined && (me.role === "owner" || role !== "owner");
  return (
    <div className="member flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <div className="min-w-0 grow max-sm:basis-full">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium" dir="auto">
            {name}
          </span>
          {isMe && <Badge tone="good">{t("me")}</Badge>}
          {kind !== "person" && <Badge tone="plain">{t(`kind${kind}`)}</Badge>}
        </p>
        <p className="text-kumo-subtle">
          {email !== null && <span className="me-3">{email}</span>}
          <Ago at={createdAt} />
        </p>
      </div>
      <Badge tone="plain">{say(`role${role}`)}</Badge>
      {isMine && <Actions member={member} isMe={isMe} />}
    </div>
  );
}

function Actions({ member, isMe }: { member: Member; isMe: boolean }) {
  const t = useMessages(peopleWords);
  const { may } = usePermissions();
  const { id, name, kind } = member;
  return (
    <div className="flex flex-wrap gap-2">
      {may("member.change") && <RoleButton member={member} />}
      {!isMe && may("member.remove") && (
        <ConfirmButton
          label={t("remove")}
          name={t("removeOf", { name })}
          touches={MEMBER}
          act={() => api.operation("DELETE /v1/members/{id}", { path: { id } })}
        >
          {t("removeLead")}
        </ConfirmButton>
      )}
      {!isMe && kind === "person" && may("member.erase") && <EraseButton member={member} />}
    </div>
  );
}

function RoleButton({ member }: { member: Member }) {
  const t = useMessages(peopleWords);
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const title = t("roleOf", { name: member.name });
  return (
    <>
      <Button size="sm" aria-label={title} onClick={() => setOpen(true)}>
        {t("role")}
      </Button>
      <Asked title={title} isOpen={isOpen} close={close}>
        <RoleForm member={member} close={close} />
      </Asked>
    </>
  );
}

function RoleForm({ member: { id, role: before }, close }: { member: Member; close(): void }) {
  const t = useMessages(peopleWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: `role-${id}-${before}`,
    first: { role: before },
    schema: memberPatch,
    inputOf: (input) => input,
    send: (body: { role: Member["role"] }) =>
      api.operation("PATCH /v1/members/{id}", { path: { id }, body }),
    done: () => {
      changed(MEMBER);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-3 grid gap-4">
      <RoleField
        id="member-role"
        value={values.role}
        onChoose={(role) => change({ role })}
        error={errorAt(errors, "/role")}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("save")} />
    </form>
  );
}

type RoleProps = {
  id: string;
  value: Member["role"];
  onChoose(role: Member["role"]): void;
  error?: string | undefined;
};

/** A role, with what it may do. */
export function RoleField({ id, value, onChoose, error }: RoleProps) {
  const t = useMessages(peopleWords);
  const say = useMessages(roles);
  return (
    <ChoiceField
      id={id}
      label={t("role")}
      hint={t(`means${value}`)}
      value={value}
      options={ROLES.map((role) => ({ value: role, label: say(`role${role}`) }))}
      onChoose={onChoose}
      error={error}
    />
  );
}
