/** What is read again once an application was registered, or ended. */
export const CLIENT = new Set(["client", "grant"]);
