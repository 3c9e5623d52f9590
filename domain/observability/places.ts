/** Where traces and lines of the log lie that belong to no account: read by the first account's administrators alone. */
export const PLATFORM_PLACE = "platform";
