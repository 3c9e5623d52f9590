import { connect, type Socket } from "node:net";

/**
 * A WebSocket client on a bare socket (RFC 6455), for as many connections as one machine holds: it knows text frames that
 * are not in parts, and masks with zeros, which any key is allowed to be.
 */
export class BareSocket {
  readonly #socket: Socket;
  readonly #take: (text: string) => void;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket, take: (text: string) => void, rest: Buffer) {
    this.#socket = socket;
    this.#take = take;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#read(rest);
  }

  static async open(
    url: string,
    headers: Record<string, string>,
    take: (text: string) => void,
  ): Promise<BareSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more.join("")}\r\n`,
    );
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      socket.off("data", read);
      if (head.toString("latin1", 9, 12) === "101") resolve(head.subarray(end + 4));
      else reject(new Error(head.toString()));
    };
    socket.on("data", read).on("error", reject);
    return new BareSocket(socket, take, await promise);
  }

  send(text: string): void {
    const size = Buffer.byteLength(text);
    const extra = size < 126 ? 0 : size < 65_536 ? 2 : 8;
    const frame = Buffer.alloc(6 + extra + size);
    frame[0] = 0x81;
    frame[1] = 0x80 | (extra === 0 ? size : extra === 2 ? 126 : 127);
    if (extra === 2) frame.writeUInt16BE(size, 2);
    if (extra === 8) frame.writeBigUInt64BE(BigInt(size), 2);
    frame.write(text, 6 + extra);
    this.#socket.write(frame);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const all = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (all.length - at >= 2) {
      const short = (all[at + 1] ?? 0) & 0x7f;
      const extra = short < 126 ? 0 : short === 126 ? 2 : 8;
      if (all.length - at < 2 + extra) break;
      const size =
        extra === 0
          ? short
          : extra === 2
            ? all.readUInt16BE(at + 2)
            : Number(all.readBigUInt64BE(at + 2));
      const begins = at + 2 + extra;
      if (all.length < begins + size) break;
      at = begins + size;
      const opcode = (all[begins - 2 - extra] ?? 0) & 0x0f;
      if (opcode === 8)
        throw new Error(`the session ended: ${all.toString("utf8", begins + 2, at)}`);
      if (opcode === 1) this.#take(all.toString("utf8", begins, at));
    }
    this.#received = at === all.length ? Buffer.alloc(0) : Buffer.from(all.subarray(at));
  }
}
