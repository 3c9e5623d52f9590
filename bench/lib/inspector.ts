/** What a function of the product allocated while it was watched, itself and what V8 did for it, not those it calls. */
export type Allocated = { where: string; bytes: number };

type Node = {
  callFrame: { functionName: string; url: string; lineNumber: number };
  selfSize: number;
  children: Node[];
};

/** Bytes between two samples, on average. */
const SAMPLING = 2_048;

/**
 * What all isolates behind this port of the inspector allocate while `work` runs, most first, also what was collected
 * meanwhile (Chrome DevTools Protocol, HeapProfiler).
 */
export async function allocating(port: number, work: () => Promise<void>): Promise<Allocated[]> {
  const listed = await fetch(`http://127.0.0.1:${port}/json`);
  const targets = (await listed.json()) as { webSocketDebuggerUrl: string }[];
  const sessions = await Promise.all(targets.map((target) => opened(target.webSocketDebuggerUrl)));
  for (const { send } of sessions)
    await send("HeapProfiler.startSampling", {
      samplingInterval: SAMPLING,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  await work();
  const bytes = new Map<string, number>();
  const count = (node: Node, caller: string): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const where =
      url === ""
        ? caller
        : `${functionName || "(anonymous)"} ${url.split("/").at(-1) ?? ""}:${lineNumber + 1}`;
    bytes.set(where, (bytes.get(where) ?? 0) + node.selfSize);
    for (const child of node.children) count(child, where);
  };
  for (const { send, close } of sessions) {
    const { profile } = (await send("HeapProfiler.stopSampling")) as { profile?: { head: Node } };
    if (profile !== undefined) count(profile.head, "(workerd)");
    close();
  }
  return [...bytes]
    .map(([where, size]) => ({ where, bytes: size }))
    .sort((a, b) => b.bytes - a.bytes);
}

async function opened(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result ?? {});
  };
  return {
    send: async (method: string, params: object = {}): Promise<unknown> =>
      await new Promise((resolve) => {
        const id = ++last;
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}
