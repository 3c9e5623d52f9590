import { execFileSync } from "node:child_process";

/** How many files a process started from here may have open; null where nothing bounds that, or nobody says. */
export function openFilesMax(): number | null {
  if (process.platform === "win32") return null;
  const said = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }));
  return Number.isInteger(said) && said > 0 ? said : null;
}
