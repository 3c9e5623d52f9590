import { WorkerEntrypoint } from "cloudflare:workers";
import { BOOTSTRAP_BYTES, firstAccount, ownerKey } from "#domain/accounts/bootstrap.ts";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import { mintCode } from "#domain/accounts/sign-in.ts";
import { gathering } from "#domain/metrics/gathering.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { servicesOf } from "#adapters/index.ts";
import { tellMetrics } from "#adapters/metrics.ts";
import { keyRing } from "#adapters/key-ring.ts";
import { erasedFrom, newErasureId } from "#domain/protection/erasure.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { unitShardStore } from "#db/catalog/unit-shards.ts";
import { unitShardsIn } from "#db/units/shards.ts";

type HostSample = { host: string; atMs: number; cpu: number; memory: number; disk: number };

/** What whoever runs the product may do and no client: reachable by a binding only, never by a request. */
export class Admin extends WorkerEntrypoint<Env> {
  /** The first account. Made once; asked again, it gives the same account a new key of its owner. */
  async setup(): Promise<{ created: boolean; accountId: string; apiKey: string }> {
    const catalog = catalogStore([this.env.CATALOG_0]);
    const known = await catalog.installed();
    if (known === null) {
      const { apiKey, key, ...made } = firstAccount(randomBytes(BOOTSTRAP_BYTES), Date.now());
      await catalog.install({ ...made, key: { ...key, secretHash: await sha256Hex(apiKey) } });
      return { created: true, accountId: made.account.id, apiKey };
    }
    const { key, apiKey } = ownerKey(
      known.accountId,
      known.principalId,
      randomBytes(ID_BYTES + SECRET_BYTES),
      Date.now(),
    );
    const stored = await catalog.insertKey({ ...key, secretHash: await sha256Hex(apiKey) });
    if (stored === "too-many")
      throw new Error("the first account has as many keys as an account may have");
    return { created: false, accountId: known.accountId, apiKey };
  }

  /** Lets every bound database of the units family take new units. */
  async openUnitShards(): Promise<null> {
    await unitShardStore(this.env.CATALOG_0).open(unitShardsIn(this.env).length, Date.now());
    return null;
  }

  /** A page of what was erased, after the erasure of that id; goes on with what was cut off. */
  async erasures(after: string): Promise<{ erased: string[]; after: string | null }> {
    return await servicesOf(this.env).erasure.noted(after);
  }

  /** Erases again what came back with a backup. */
  async eraseAgain(erased: string): Promise<null> {
    const known = erasedFrom(erased);
    const id = newErasureId(Date.now(), randomBytes(ID_BYTES));
    if (known !== null) await servicesOf(this.env).erasure.again(known, id);
    return null;
  }

  /** How the host is doing, as the launcher sees it: for the alerts of the first account. */
  async observe({ host, atMs, ...shares }: HostSample): Promise<null> {
    const accountId = await catalogStore([this.env.CATALOG_0]).firstAccountId();
    if (accountId === null) return null;
    gathering.record("wishub_cpu_share", { host }, shares.cpu, atMs);
    gathering.record("wishub_memory_share", { host }, shares.memory, atMs);
    gathering.record("wishub_disk_share", { host }, shares.disk, atMs);
    const measured = (["cpu", "memory", "disk"] as const).map((name) => ({
      signal: `system.${name}` as const,
      series: [{ labels: { host }, points: [{ atMs, value: shares[name] }] }],
    }));
    tellMetrics(this.env, this.ctx, atMs, false);
    await this.env.ALERTS.getByName(accountId).observe({ accountId, reach: "platform" }, measured);
    return null;
  }

  /** One page of data keys under the ring's current root key; none is left where nothing was rewrapped. */
  async rewrapKeys(): Promise<{ rewrapped: number; left: number; lost: number }> {
    return await keyRing(this.env).rewrap();
  }

  /** A single-use code that signs a browser in as the first account's owner. */
  async issueConsoleCode(): Promise<string> {
    const catalog = catalogStore([this.env.CATALOG_0]);
    const known = await catalog.installed();
    if (known === null) throw new Error("the product has not been set up");
    const random = { idBytes: randomBytes(ID_BYTES), secretBytes: randomBytes(SECRET_BYTES) };
    const { record, text } = mintCode(known.accountId, known.principalId, random, Date.now());
    await catalog.insertCode({ ...record, codeHash: await sha256Hex(text) }, Date.now());
    return text;
  }
}

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
