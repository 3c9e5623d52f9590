import type { Collections, UnitPage } from "#sdk/client.ts";
import { fill, h } from "./dom.ts";
import { language, t } from "./language.ts";
import { levelBadge, statusBadge } from "./render.ts";
import { api, explain } from "./session.ts";
import { unitHref } from "./unit.ts";

const LATEST = 6;

/** What is known, and what the account published last. `refresh` reads both again. */
export function overview(): { element: HTMLElement; refresh(): Promise<void> } {
  const numbers = h("div", { class: "numbers" });
  const latest = h("div", {});
  const element = h(
    "div",
    { class: "overview" },
    h("h2", { class: "unseen" }, t("known")),
    numbers,
    latest,
  );
  const refresh = async () => {
    try {
      const [collections, units] = await Promise.all([
        api.collections(),
        api.listUnits({ limit: LATEST }),
      ]);
      fill(numbers, ...collections.items.map(collectionNumber));
      fill(latest, h("h2", {}, t("latest")), latestUnits(units));
    } catch (error) {
      fill(latest, h("p", { class: "state" }, explain(error)));
    }
  };
  return { element, refresh };
}

function collectionNumber(collection: Collections["items"][number]): HTMLElement {
  const number = new Intl.NumberFormat(language());
  const count = (...statuses: string[]) =>
    collection.units
      .filter(({ status }) => statuses.includes(status))
      .reduce((sum, each) => sum + each.count, 0);
  const [searchable, onTheWay] = [count("searchable"), count("pending", "verifying")];
  const what = t(collection.visibility === "public" ? "collectionPublic" : "collectionPrivate");
  const pending =
    onTheWay > 0 &&
    h("span", { class: "pending" }, t("collectionPending", { count: number.format(onTheWay) }));
  return h(
    "div",
    { class: "number-card" },
    h("strong", {}, number.format(searchable)),
    h("span", {}, what),
    pending,
    h("span", { class: "space" }, collection.space),
  );
}

function latestUnits(page: UnitPage): HTMLElement {
  if (page.items.length === 0) return h("p", { class: "state" }, t("noUnits"));
  return h(
    "ul",
    { class: "latest" },
    ...page.items.map((unit) =>
      h(
        "li",
        {},
        h("a", { href: unitHref(unit.id) }, unit.title),
        h("span", { class: "facts" }, levelBadge(unit.level), statusBadge(unit.status)),
      ),
    ),
  );
}
