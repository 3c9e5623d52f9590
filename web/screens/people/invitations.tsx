import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { UserPlusIcon } from "@phosphor-icons/react";
import { useState } from "react";
import type { Role } from "#domain/accounts/model.ts";
import { invitationInput } from "#domain/people/model.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { RoleField } from "#web/screens/people/members.tsx";
import { peopleWords } from "#web/screens/people/messages.ts";
import { ConfirmButton } from "#web/ui/act.tsx";
import { Asked, FormEnd } from "#web/ui/asked.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { errorAt, TextField, useForm } from "#web/ui/form.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { roles } from "#web/ui/role-messages.ts";
import { Read } from "#web/ui/states.tsx";

type Input = Operations["POST /v1/invitations"]["body"];
type Invitation = Operations["GET /v1/invitations"]["answer"]["items"][number];
const INVITATION = new Set(["invitation"]);

export function InviteButton() {
  const t = useMessages(peopleWords);
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button
        variant="primary"
        icon={<UserPlusIcon size={16} aria-hidden="true" />}
        onClick={() => setOpen(true)}
      >
        {t("invite")}
      </Button>
      <Asked title={t("invite")} isOpen={isOpen} close={close}>
        <InviteForm close={close} />
      </Asked>
    </>
  );
}

const BLANK: { email: string; role: Role } = { email: "", role: "member" };

function InviteForm({ close }: { close(): void }) {
  const t = useMessages(peopleWords);
  const { form, values, change, errors, problem, isBusy, onSubmit } = useForm({
    name: "invite",
    first: BLANK,
    schema: invitationInput,
    inputOf: ({ email, role }): Input => ({ email: email.trim(), role }),
    send: (body: Input, _, once) => api.operation("POST /v1/invitations", { body, ...once }),
    done: () => {
      changed(INVITATION);
      close();
    },
  });
  return (
    <form ref={form} noValidate onSubmit={onSubmit} className="mt-2 grid gap-4">
      <p className="text-kumo-subtle">{t("inviteLead")}</p>
      <TextField
        id="invite-email"
        type="email"
        label={t("email")}
        value={values.email}
        onChange={({ target }) => change({ email: target.value })}
        autoComplete="off"
        error={errorAt(errors, "/email")}
      />
      <RoleField
        id="invite-role"
        value={values.role}
        onChoose={(role) => change({ role })}
        error={errorAt(errors, "/role")}
      />
      <FormEnd problem={problem} isBusy={isBusy} close={close} label={t("invite")} />
    </form>
  );
}

/** Invitations that nobody has accepted yet. */
export function Invitations() {
  const t = useMessages(peopleWords);
  const invitations = useQuery({
    queryKey: ["invitation"],
    queryFn: () => api.operation("GET /v1/invitations"),
    meta: { live: ["member"] },
  });
  return (
    <Read query={invitations} action="invitation.read" lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="text-kumo-subtle">{t("noInvitations")}</p>
        ) : (
          <Card>
            <ul aria-label={t("invitations")} className="invitations divide-y divide-kumo-line">
              {items.map((invitation) => (
                <InvitationRow key={invitation.id} invitation={invitation} />
              ))}
            </ul>
          </Card>
        )
      }
    </Read>
  );
}

function InvitationRow({ invitation: { id, email, role, expiresAt } }: { invitation: Invitation }) {
  const t = useMessages(peopleWords);
  const say = useMessages(roles);
  const format = useFormat();
  const { may } = usePermissions();
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <span className="min-w-0 grow font-medium">{email}</span>
      <Badge tone="plain">{role === null ? t("newAccount") : say(`role${role}`)}</Badge>
      <span className="text-xs text-kumo-subtle">
        {t("until", { time: format.time(expiresAt) })}
      </span>
      {may("invitation.withdraw") && (
        <ConfirmButton
          label={t("withdraw")}
          name={t("withdrawOf", { email })}
          touches={INVITATION}
          act={() => api.operation("DELETE /v1/invitations/{id}", { path: { id } })}
        >
          {t("withdrawLead")}
        </ConfirmButton>
      )}
    </li>
  );
}
