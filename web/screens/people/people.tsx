import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { Erasures } from "#web/screens/people/erasures.tsx";
import { InviteButton, Invitations } from "#web/screens/people/invitations.tsx";
import { Members } from "#web/screens/people/members.tsx";
import { peopleWords } from "#web/screens/people/messages.ts";
import { Providers } from "#web/screens/people/providers.tsx";
import { Page, Section } from "#web/ui/page.tsx";
import { Allowed } from "#web/ui/states.tsx";

/** Who belongs to the account, how they come in, and what is left of who was erased. */
export function People() {
  const t = useMessages(peopleWords);
  const { may } = usePermissions();
  return (
    <Allowed action="member.read">
      <Page title={t("title")} lead={t("lead")} actions={may("member.invite") && <InviteButton />}>
        <Members />
        {may("invitation.read") && (
          <Section title={t("invitations")}>
            <Invitations />
          </Section>
        )}
        {may("identity-provider.read") && (
          <Section title={t("signOn")}>
            <Providers />
          </Section>
        )}
        {may("erasure.read") && <Erasures />}
      </Page>
    </Allowed>
  );
}
