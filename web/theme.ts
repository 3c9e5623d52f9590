// Runs before the first paint, so that a chosen theme does not flash.
const chosen = localStorage.getItem("wishub-theme");
const isDark =
  chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset["mode"] = isDark ? "dark" : "light";
export {};
