/** The objects that move collections to another space, one per collection, named by its owner. */
export function collectionMoves(env: Env) {
  return {
    async beginMove(owner: string, target: string): Promise<void> {
      await env.COLLECTION.getByName(owner).beginMove(owner, target);
    },
    async progress(owner: string): Promise<{ target: string; queued: number } | null> {
      return await env.COLLECTION.getByName(owner).progress();
    },
  };
}
