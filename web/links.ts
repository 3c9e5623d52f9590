import { WisHubError } from "#sdk/error.ts";
import { h } from "./dom.ts";
import {
  type Field,
  field,
  form,
  linkButton,
  newPasswordField,
  passwordField,
  saidCard,
  showCard,
} from "./form.ts";
import { t } from "./language.ts";
import { type Link, linkFrom, type LinkKind } from "./next.ts";
import { api, codeOf, explainPlainly, forgetSession } from "./session.ts";

/** The link of a mail; it leaves the address bar and the history before anything else happens. */
export function takeLink(): Link | null {
  const link = linkFrom(location.hash);
  if (link !== null) history.replaceState(null, "", location.pathname + location.search);
  return link;
}

/** What a link of a mail is for, and how it ended; `leave` goes back to the console as it is. */
export function linkPlace({ token, kind }: Link, leave: () => void): HTMLElement {
  const place = h("div", { class: "place" });
  const onward = () => h("button", { type: "button", class: "primary", onclick: leave }, t("goOn"));
  const said = (title: string, detail: string) =>
    showCard(place, saidCard(title, detail, onward()));
  if (kind === null) place.append(saidCard(t("linkPartTitle"), t("linkPart"), onward()));
  else if (kind === "invitation" || kind === "new-account")
    place.append(invitationCard(place, token, kind, said));
  else place.append(CARDS[kind](token, said));
  return place;
}

type Said = (title: string, detail: string) => void;
type Simple = Exclude<LinkKind, "invitation" | "new-account">;

const CARDS: Record<Simple, (token: string, said: Said) => HTMLElement> = {
  "sign-up": signUpCard,
  "password-reset": resetCard,
  "new-device": deviceCard,
};

function failureOf(said: Said): (error: unknown) => string {
  return (error) => {
    if (codeOf(error) === "unauthenticated") return t("wrongPassword");
    const invalid = error instanceof WisHubError ? error.errors : [];
    if (invalid.some(({ pointer }) => pointer === "/token")) {
      said(t("linkDeadTitle"), t("linkDead"));
      return "";
    }
    const password = invalid.find(({ pointer }) => pointer === "/password");
    if (password !== undefined) return t("passwordRefused", { reason: password.detail });
    if (invalid.some(({ pointer }) => pointer === "/name")) return t("nameNeeded");
    return explainPlainly(error);
  };
}

const nameField = (): Field =>
  field({ id: "name", label: t("yourName"), autocomplete: "name", charsMax: 100 });
const accountField = (): Field =>
  field({
    id: "account-name",
    label: t("accountName"),
    autocomplete: "organization",
    charsMax: 100,
    hint: t("accountNameHint"),
    isOptional: true,
  });
/** The account's name where one was given; an empty field is none. */
const named = ({ input }: Field) =>
  input.value.trim() === "" ? {} : { accountName: input.value.trim() };

function signUpCard(token: string, said: Said): HTMLElement {
  const [name, password, account] = [nameField(), newPasswordField(), accountField()];
  return form({
    title: t("finishSignUp"),
    fields: [name, password, account],
    button: t("signUp"),
    failure: failureOf(said),
    submit: async () => {
      const body = {
        token,
        name: name.input.value,
        password: password.input.value,
        ...named(account),
      };
      await api.operation("POST /v1/sign-up/complete", { body });
      said(t("signedUp"), t("signedUpDetail"));
    },
  }).element;
}

function resetCard(token: string, said: Said): HTMLElement {
  const password = newPasswordField();
  return form({
    title: t("resetTitle"),
    lead: t("resetLead"),
    fields: [password],
    button: t("resetButton"),
    failure: failureOf(said),
    submit: async () => {
      const body = { token, password: password.input.value };
      await api.operation("POST /v1/password-resets/complete", { body });
      forgetSession();
      said(t("resetDone"), t("signedUpDetail"));
    },
  }).element;
}

/** Asks before it uses the link: a program that only looks at what is linked must not use it up. */
function deviceCard(token: string, said: Said): HTMLElement {
  return form({
    title: t("deviceTitle"),
    lead: t("deviceLead"),
    fields: [],
    button: t("deviceButton"),
    failure: failureOf(said),
    submit: async () => {
      await api.operation("POST /v1/known-devices/complete", { body: { token } });
      said(t("deviceKnown"), t("signedUpDetail"));
    },
  }).element;
}

function invitationCard(
  place: HTMLElement,
  token: string,
  kind: "invitation" | "new-account",
  said: Said,
  isNew = true,
): HTMLElement {
  const [name, account] = [nameField(), accountField()];
  const password = isNew ? newPasswordField() : passwordField();
  const fields = isNew ? [name, password] : [password];
  if (kind === "new-account") fields.push(account);
  const other = () => showCard(place, invitationCard(place, token, kind, said, !isNew));
  return form({
    title: t("invitationTitle"),
    lead: t(isNew ? "invitationNew" : "invitationKnown"),
    fields,
    button: t("accept"),
    failure: failureOf(said),
    submit: async () => {
      const body = {
        token,
        password: password.input.value,
        ...(isNew && { name: name.input.value }),
        ...named(account),
      };
      await api.operation("POST /v1/invitations/accept", { body });
      said(t("accepted"), t("signedUpDetail"));
    },
    more: [linkButton(t(isNew ? "iAmKnown" : "iAmNew"), other)],
  }).element;
}
