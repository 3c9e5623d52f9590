import { expect, it } from "vitest";
import { NOT_PUBLIC } from "#domain/egress/address.ts";
import { filled, type Filling, PLACE, SOCKETS } from "./services.ts";

const user = (bindings: { name: string; [kind: string]: unknown }[]) => ({
  modules: [{ name: "index.js", esModule: "core:entry" }],
  bindings,
  globalOutbound: { name: "outbound:0" },
  cacheApiOutbound: { name: "cache:0" },
});

const service = (name: string) => ({ name, service: { name } });

/** What Miniflare assembles, in small. */
const ASSEMBLED = {
  root: "/assembled",
  sockets: [
    { name: "entry", service: { name: "core:entry" }, http: {} },
    {
      name: "direct:1:default",
      address: "127.0.0.1:0",
      service: { name: "core:user:app" },
      http: { capnpConnectHost: "everything" },
    },
  ],
  services: [
    { name: "core:entry", worker: user([service("core:user:app"), service("core:user:launcher")]) },
    {
      name: "core:user:app",
      worker: user([
        { name: "LEVEL", text: "wrangler's" },
        { name: "OTHER", text: "kept" },
        { name: "EMBEDDER", service: { name: "to embedder" } },
        { name: "GPU", service: { name: "to gpu" } },
        { name: "QUEUE", service: { name: "queue" } },
      ]),
    },
    { name: "core:user:launcher", worker: user([{ name: "TOKEN", text: PLACE.token }]) },
    { name: "to embedder", external: { address: PLACE.embedder } },
    { name: "to gpu", external: { address: PLACE.gpu } },
    { name: "queue", worker: { bindings: [service("loopback"), service("disk")] } },
    { name: "disk", disk: { path: "/assembled/d1", writable: true } },
    { name: "loopback", external: { http: {} } },
    { name: "outbound:0", worker: { bindings: [] } },
    { name: "cache:0", worker: { bindings: [] } },
    { name: "internet", network: { allow: ["public", "private"], tlsOptions: { trust: "all" } } },
  ],
  extensions: [],
} as Parameters<typeof filled>[0];

const FILLING: Filling = {
  address: "127.0.0.1:8787",
  stateDir: "/state",
  token: "secret",
  worker: "app",
  vars: { LEVEL: "ours" },
  embedder: "127.0.0.1:4000",
  prover: undefined,
  gpu: undefined,
  launcher: "launcher",
};

it("a start leaves nothing of Miniflare's entry, and no service that no socket leads to", () => {
  const { services, sockets } = filled(ASSEMBLED, FILLING);
  expect(services.map(({ name }) => name)).toEqual([
    "core:user:app",
    "core:user:launcher",
    "to embedder",
    "queue",
    "disk",
    "loopback",
    "internet",
    "egress",
  ]);
  expect(sockets).toEqual([
    {
      name: SOCKETS.world,
      address: "127.0.0.1:8787",
      http: {},
      service: { name: "core:user:app" },
    },
    { name: SOCKETS.launcher, address: "127.0.0.1:0", http: {}, service: "core:user:launcher" },
  ]);
  const wired = filled(ASSEMBLED, { ...FILLING, launcher: undefined, gpu: "127.0.0.1:5000" });
  expect(wired.services.map(({ name }) => name)).toContain("to gpu");
  expect(wired.services.map(({ name }) => name)).not.toContain("core:user:launcher");
});

it("the places are filled, and a variable of this start stands in for the configured one", () => {
  const text = JSON.stringify(filled(ASSEMBLED, FILLING));
  for (const place of [PLACE.token, PLACE.embedder, PLACE.gpu, "/assembled", "wrangler's"])
    expect(text).not.toContain(place);
  for (const put of [
    "secret",
    "127.0.0.1:4000",
    "/state/d1",
    `{"name":"LEVEL","text":"ours"}`,
    "kept",
  ])
    expect(text).toContain(put);
});

it("targets that anybody may name are reached by a network that connects to public addresses only", () => {
  const { services } = filled(ASSEMBLED, FILLING);
  expect(services.find(({ name }) => name === "egress")).toEqual({
    name: "egress",
    network: { allow: ["public"], deny: ["private", ...NOT_PUBLIC], tlsOptions: { trust: "all" } },
  });
  const app = services.find(({ name }) => name === "core:user:app");
  expect(JSON.stringify(app)).toContain(`{"name":"EGRESS","service":{"name":"egress"}}`);
});
