type Migration = { name: string; statements: string[] };
type MigrateRequest = { binding: string; migrations: Migration[] };

type Admin = {
  setup(): Promise<{ apiKey: string; accountId: string; created: boolean }>;
  issueConsoleCode(): Promise<string>;
  openUnitShards(): Promise<null>;
  erasures(after: string): Promise<{ erased: string[]; after: string | null }>;
  eraseAgain(erased: string): Promise<null>;
  observe(sample: object): Promise<null>;
  rewrapKeys(): Promise<{ rewrapped: number; left: number; lost: number }>;
};

type LauncherEnv = { TOKEN: string; ADMIN: Admin; [database: string]: unknown };

/**
 * What the launcher of `npm start` asks of the product from outside it. It is never deployed, it sits on a loopback
 * socket of its own, and it answers only requests that carry the launcher's token.
 */
export default {
  async fetch(request: Request, env: LauncherEnv): Promise<Response> {
    if (request.headers.get("x-wishub-launcher") !== env.TOKEN)
      return new Response(null, { status: 404 });
    switch (new URL(request.url).pathname) {
      case "/setup":
        return Response.json(await env.ADMIN.setup());
      case "/console-code":
        return Response.json(await env.ADMIN.issueConsoleCode());
      case "/open-unit-shards":
        return Response.json(await env.ADMIN.openUnitShards());
      case "/observe":
        return Response.json(await env.ADMIN.observe(await request.json<object>()));
      case "/rewrap-keys":
        return Response.json(await env.ADMIN.rewrapKeys());
      case "/erasures": {
        const { after } = await request.json<{ after: string }>();
        return Response.json(await env.ADMIN.erasures(after));
      }
      case "/erase-again": {
        const { erased } = await request.json<{ erased: string }>();
        return Response.json(await env.ADMIN.eraseAgain(erased));
      }
      case "/migrate": {
        const { binding, migrations } = await request.json<MigrateRequest>();
        return Response.json(await migrate(env[binding] as D1Database, migrations));
      }
      default:
        return new Response(null, { status: 404 });
    }
  },
};

/** Applies what is missing, each migration whole or not at all; nothing when the database knows a later release's. */
async function migrate(
  database: D1Database,
  migrations: Migration[],
): Promise<{ applied: string[]; unknown: string[] }> {
  // The same table that `wrangler d1 migrations apply` keeps, so that either may carry on after the other.
  await database.exec(
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
  );
  const { results } = await database
    .prepare("SELECT name FROM d1_migrations")
    .all<{ name: string }>();
  const known = new Set(migrations.map((migration) => migration.name));
  const present = new Set(results.map((row) => row.name));
  const unknown = [...present].filter((name) => !known.has(name));
  if (unknown.length > 0) return { applied: [], unknown };
  const applied: string[] = [];
  for (const { name, statements } of migrations) {
    if (present.has(name)) continue;
    const note = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await database.batch([...statements.map((statement) => database.prepare(statement)), note]);
    applied.push(name);
  }
  return { applied, unknown };
}
