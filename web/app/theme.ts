import { store } from "#web/app/store.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED = "wishub-theme";
const isTheme = (text: string | null): text is Theme => THEMES.some((one) => one === text);
const stored = localStorage.getItem(STORED);
const chosen = store<Theme>(isTheme(stored) ? stored : "auto");
const system = matchMedia("(prefers-color-scheme: dark)");

export const useTheme = chosen.use;

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(STORED, theme);
  chosen.set(theme);
  apply();
}

export const nextTheme = (): Theme =>
  THEMES[(THEMES.indexOf(chosen.get()) + 1) % THEMES.length] ?? "auto";

function apply(): void {
  const theme = chosen.get();
  const isDark = theme === "dark" || (theme === "auto" && system.matches);
  document.documentElement.dataset["mode"] = isDark ? "dark" : "light";
}

system.addEventListener("change", apply);
apply();
