import type { Session } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { fill, h } from "./dom.ts";
import { codeField, factorOf, form, saidCard, showCard } from "./form.ts";
import { t } from "./language.ts";
import type { MessageKey } from "./messages.ts";
import { canUsePasskeys, passkeyProof } from "./passkey.ts";
import { api, codeOf, explain, explainPlainly } from "./session.ts";
import { passkeyFailure } from "./sign-in.ts";
import { head } from "./unit.ts";

type Person = Operations["GET /v1/people/me"]["answer"];
type Proof = Operations["POST /v1/sessions/second-factor"]["body"];

const ROLES: Record<Session["role"], MessageKey> = {
  owner: "roleOwner",
  admin: "roleAdmin",
  member: "roleMember",
  auditor: "roleAuditor",
  viewer: "roleViewer",
};

/** Who one is here: opened by its button, it is read anew. */
export function youDialog(): { dialog: HTMLDialogElement; open(): void } {
  const content = h("div", { class: "content" });
  const dialog = h(
    "dialog",
    { class: "sheet", id: "you-dialog", "aria-labelledby": "you-title" },
    content,
  );
  const show = async () => {
    const top = head(t("you"), dialog, "you-title");
    fill(content, top, h("p", { class: "state" }, t("loading")));
    try {
      const session = await api.operation("GET /v1/sessions/current");
      const person = session.personId === null ? null : await me();
      const accounts = await api.operation("GET /v1/accounts");
      const account = accounts.items.find(({ current }) => current)?.name ?? session.accountId;
      fill(content, top, facts(session, account, person));
    } catch (error) {
      fill(content, top, h("p", { class: "problem" }, explain(error)));
    }
  };
  const open = () => {
    dialog.showModal();
    void show();
  };
  return { dialog, open };
}

const me = (): Promise<Person> => api.operation("GET /v1/people/me");

function facts(session: Session, account: string, person: Person | null): HTMLElement {
  const rows: [string, string][] = [];
  if (person !== null) rows.push([t("yourName"), person.name], [t("email"), person.email]);
  else rows.push([t("signedInBy"), t("apiKey")]);
  rows.push([t("account"), account], [t("role"), t(ROLES[session.role])]);
  if (person !== null) rows.push([t("secondFactor"), factorText(person)]);
  return h(
    "dl",
    { class: "you" },
    ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

function factorText({ factors }: Person): string {
  const parts = [
    factors.totp ? t("factorApp") : "",
    factors.passkeys > 0 ? t("factorPasskeys", { count: factors.passkeys }) : "",
  ].filter((part) => part !== "");
  if (parts.length === 0) return t("factorNone");
  return [...parts, t("factorRecovery", { count: factors.recoveryCodesLeft })].join(" · ");
}

/** Proves the second factor once more; `done` when it is, `leave` for whoever cannot or will not. */
export function provePlace(done: () => void, leave: () => void): HTMLElement {
  const place = h("div", { class: "place" }, h("p", { class: "state" }, t("loading")));
  const onward = () => h("button", { type: "button", class: "primary", onclick: leave }, t("goOn"));
  const show = async () => {
    try {
      const { factors } = await me();
      if (factors.totp || factors.passkeys > 0) showCard(place, proveCard(done, leave));
      else showCard(place, saidCard(t("factorMissing"), t("factorMissingDetail"), onward()));
    } catch (error) {
      // A key's session belongs to no person, and nothing asks it for a second factor.
      if (codeOf(error) === "not-found") done();
      else showCard(place, saidCard(t("proveTitle"), explain(error), onward()));
    }
  };
  void show();
  return place;
}

function proveCard(done: () => void, leave: () => void): HTMLElement {
  const code = codeField();
  const prove = async (body: Proof) => {
    await api.operation("POST /v1/sessions/second-factor", { body });
    done();
  };
  const made = form({
    title: t("proveTitle"),
    lead: t("proveLead"),
    fields: [code],
    button: t("goOn"),
    failure: (error) => {
      if (codeOf(error) === "second-factor-required") return t("wrongCode");
      return codeOf(error) === "unauthenticated" ? explain(error) : explainPlainly(error);
    },
    submit: () => prove(factorOf(code.input.value)),
    more: [
      canUsePasskeys() ? passkeyProver(prove) : h("div", { hidden: true }),
      h("button", { type: "button", class: "quiet", onclick: leave }, t("notNow")),
    ],
  });
  return made.element;
}

function passkeyProver(prove: (body: Proof) => Promise<void>): HTMLElement {
  const problem = h("p", { role: "alert", class: "problem" });
  const act = async () => {
    fill(problem);
    try {
      await prove({ passkey: await passkeyProof() });
    } catch (error) {
      fill(problem, passkeyFailure(error));
    }
  };
  const button = h(
    "button",
    { type: "button", class: "plain wide", onclick: () => void act() },
    t("passkeyProve"),
  );
  return h("div", { class: "fields" }, button, problem);
}
