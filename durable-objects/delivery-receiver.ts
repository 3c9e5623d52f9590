import { type Endpoint, withSecret } from "#domain/delivery/model.ts";
import { type Health, HEALTHY, type Keeping, KEEPING } from "#domain/delivery/pace.ts";
import { CALLBACK_KEEPING } from "#domain/tasks/callback.ts";

const SEEN_EVERY_MS = 60_000;

/** Who is sent what: where that is, and how it does. */
export class Receiver {
  readonly #kv: SyncKvStorage;
  #health: Health;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#health = kv.get<Health>("health") ?? HEALTHY;
  }

  get endpoint(): Endpoint | null {
    return this.#kv.get<Endpoint>("endpoint") ?? null;
  }

  get health(): Health {
    return this.#health;
  }

  get isCallback(): boolean {
    return this.endpoint?.isCallback === true;
  }

  get keeping(): Keeping {
    return this.isCallback ? CALLBACK_KEEPING : KEEPING;
  }

  /** Why it will have nothing any more; null where it may. */
  get gone(): string | null {
    const { goneAtMs, lastStatus } = this.#health;
    if (goneAtMs === null) return null;
    return lastStatus === null ? "its secret was erased" : `it answered ${lastStatus}`;
  }

  put(endpoint: Endpoint): void {
    this.#kv.put("endpoint", endpoint);
  }

  aim(changed: Partial<Endpoint>): void {
    const { endpoint } = this;
    if (endpoint !== null) this.put({ ...endpoint, ...changed });
  }

  /** A secret that is followed by another one goes on signing for a day. */
  sign(sealed: string, nowMs: number): void {
    this.aim({ secrets: withSecret(this.endpoint?.secrets ?? [], sealed, nowMs) });
  }

  /** One that goes on being well costs a row a minute, not one an attempt. */
  does(health: Health): void {
    const { failures, goneAtMs, lastStatus, lastAttemptMs } = this.#health;
    const isNews =
      health.failures !== failures ||
      health.goneAtMs !== goneAtMs ||
      health.lastStatus !== lastStatus ||
      (health.lastAttemptMs ?? 0) - (lastAttemptMs ?? 0) >= SEEN_EVERY_MS;
    if (!isNews) return;
    this.#health = health;
    this.#kv.put("health", health);
  }

  forget(): void {
    this.#kv.delete("endpoint");
    this.#health = HEALTHY;
  }
}
