// Zod compiles its schemas with `new Function` where it may; our policy allows no such thing, and a browser complains of
// each attempt. Runs before any schema is made.
const shared = globalThis as { __zod_globalConfig?: { jitless?: boolean } };
shared.__zod_globalConfig = { ...shared.__zod_globalConfig, jitless: true };
export {};
