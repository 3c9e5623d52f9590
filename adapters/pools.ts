import { poolObjectOf, poolOfReservation } from "#domain/resources/model.ts";
import type { PoolName } from "#domain/resources/pools.ts";

/** The capacity that an account sees: its own pool and the shared ones. */
export function pools(env: Env) {
  const of = (pool: PoolName, accountId: string) =>
    env.RESOURCE_POOL.getByName(poolObjectOf(pool, accountId));
  return {
    of,
    /** Where a reservation that the account may see is; null where there can be none of that name. */
    find(id: string, accountId: string) {
      const pool = poolOfReservation(id);
      return pool === null ? null : { pool, object: of(pool, accountId) };
    },
  };
}
