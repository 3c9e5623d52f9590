// Runs before the first paint, so that a chosen theme does not flash.
const chosen = localStorage.getItem("wishub-theme");
const isDark =
  chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset["mode"] = isDark ? "dark" : "light";

// What will be needed is asked for at once: else each part would be asked for by the one before it.
const { main = "", console: frame = "", home = "" } = document.currentScript?.dataset ?? {};
const isSignedIn = localStorage.getItem("wishub-signed-in") === "1";
const isHome = location.hash === "" || location.hash === "#/";
const wanted = [main, isSignedIn ? frame : "", isSignedIn && isHome ? home : ""].join(" ");
for (const href of wanted.split(" ").filter((each) => each !== "")) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "modulepreload", href });
  document.head.append(link);
}
export {};
