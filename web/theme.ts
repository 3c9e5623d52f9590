import { askAhead } from "#web/app/ahead.ts";

// Runs before the first paint, so that a chosen theme does not flash.
const chosen = localStorage.getItem("wishub-theme");
const isDark =
  chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset["mode"] = isDark ? "dark" : "light";

// Whoever comes with a code may be somebody else in a moment.
if (localStorage.getItem("wishub-signed-in") === "1" && location.search === "") askAhead();
