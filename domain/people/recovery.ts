import { base32 } from "#domain/shared/base32.ts";

/** What gets one in when phone and passkeys are lost: ten codes of 80 random bits, each once. */
export const RECOVERY_CODES = 10;
export const RECOVERY_CODE_BYTES = 10;

/** Codes as they are shown, in groups of four. */
export const recoveryCodes = (random: Uint8Array): string[] =>
  Array.from({ length: RECOVERY_CODES }, (_, i) =>
    base32(random.subarray(i * RECOVERY_CODE_BYTES, (i + 1) * RECOVERY_CODE_BYTES)).replace(
      /^(....)(....)(....)(....)$/,
      "$1-$2-$3-$4",
    ),
  );

/** What a code is stored under; however it is written. So much randomness needs no slow hash. */
export const recoveryHash = (
  sha256Hex: (text: string) => Promise<string>,
  personId: string,
  code: string,
): Promise<string> =>
  sha256Hex(`recovery ${personId} ${code.toLowerCase().replaceAll(/[^0-9a-v]/g, "")}`);
