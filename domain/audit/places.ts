/** Where checkpoints of an account's log lie in R2: the longest first, because a list begins at the front. */
export const checkpointFolder = (accountId: string): string => `audit/${accountId}/heads/`;
const trimFolder = (accountId: string): string => `audit/${accountId}/trims/`;

const SIZES_MAX = 1e15;

export function checkpointKey(accountId: string, size: number, isTrim: boolean): string {
  const folder = isTrim ? trimFolder(accountId) : checkpointFolder(accountId);
  return `${folder}${String(SIZES_MAX - size).padStart(16, "0")}-${size}`;
}
