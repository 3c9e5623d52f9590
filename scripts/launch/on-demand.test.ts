import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { onDemand } from "./on-demand.ts";

it("nothing starts before the first connection, and every connection reaches what it started", async () => {
  let starts = 0;
  const echo = createServer((socket) => socket.pipe(socket));
  const door = await onDemand(async () => {
    starts++;
    if (!echo.listening) await once(echo.listen(0, "127.0.0.1"), "listening");
    return (echo.address() as AddressInfo).port;
  });
  expect(starts).toBe(0);
  for (const said of ["one", "two"]) {
    const socket = connect(door.port, "127.0.0.1").setEncoding("utf8");
    socket.write(said);
    expect((await once(socket, "data"))[0]).toBe(said);
    socket.end();
    await once(socket, "close");
  }
  expect(starts).toBe(2);
  await door.stop();
  echo.close();
});

it("a connection is closed when what it needs does not start, and the next one tries again", async () => {
  let tries = 0;
  const door = await onDemand(async () => {
    tries++;
    throw new Error("does not start");
  });
  for (let n = 0; n < 2; n++) {
    const socket = connect(door.port, "127.0.0.1").on("error", () => {});
    await once(socket, "close");
  }
  expect(tries).toBe(2);
  await door.stop();
});
