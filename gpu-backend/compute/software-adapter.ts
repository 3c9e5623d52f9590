import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";

/** Where Chromium keeps SwiftShader, a Vulkan driver that computes on the CPU, and the library that finds drivers. */
const FOLDERS = [
  ...(process.env["CHROME_PATH"] ? [dirname(process.env["CHROME_PATH"])] : []),
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/opt/google/chrome",
];
const DRIVER = "vk_swiftshader_icd.json";
/** RTLD_NODELETE of Linux (dlopen(3)): it stays when the module that it is not is let go. */
const KEPT = 0x1000;
const LOADER = "libvulkan.so.1";

/**
 * Makes a software adapter known to this process, so that WGSL can be tried where there is no graphics card: before
 * anything asked for an adapter. Answers why there is none, or nothing.
 */
export function useSoftwareAdapter(): string | undefined {
  if (process.env["VK_ICD_FILENAMES"] !== undefined) return undefined;
  const folder = FOLDERS.find((path) => existsSync(join(path, DRIVER)));
  if (folder === undefined) return "no Vulkan driver is installed: Chromium brings SwiftShader";
  process.env["VK_ICD_FILENAMES"] = join(folder, DRIVER);
  try {
    process.dlopen({ exports: {} }, join(folder, LOADER), constants.dlopen.RTLD_NOW | KEPT);
  } catch {
    // It is no module of Node's, but it is loaded now: whoever asks for it by its name finds it.
  }
  return undefined;
}
