/** Values by name, at most `bytesMax` bytes of them as their givers count: the one used longest ago goes first. */
export function kept<V extends { bytes: number }>(bytesMax: number) {
  const values = new Map<string, V>();
  let bytes = 0;
  function drop(name: string): void {
    bytes -= values.get(name)?.bytes ?? 0;
    values.delete(name);
  }
  return {
    drop,
    names: () => values.keys(),
    has: (name: string) => values.has(name),
    bytes: () => bytes,
    get(name: string): V | undefined {
      const value = values.get(name);
      if (value === undefined) return undefined;
      values.delete(name);
      values.set(name, value);
      return value;
    },
    /** One that is larger than all may be is not kept. */
    set(name: string, value: V): void {
      drop(name);
      values.set(name, value);
      bytes += value.bytes;
      for (const oldest of values.keys()) {
        if (bytes <= bytesMax) break;
        drop(oldest);
      }
    },
  };
}
