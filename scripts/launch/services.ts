import { NOT_PUBLIC } from "#domain/egress/address.ts";
import type { Value } from "./capnp.ts";

type Struct = { readonly [field: string]: Value };

/** A workerd configuration as Miniflare assembles it, without what is known only when the product starts. */
export type Services = {
  services: Struct[];
  sockets: Struct[];
  extensions: Struct[];
};

/** What stands in an assembled configuration for what a start puts there. */
export const PLACE = {
  token: "{{launcher token}}",
  embedder: "127.0.0.1:1",
  gpu: "127.0.0.1:2",
  prover: "127.0.0.1:3",
} as const;

/** Both ends of a socket that only the launcher uses, and of one that the world does. */
export const SOCKETS = { launcher: "launcher", world: "world" } as const;

export type Filling = {
  /** Where the world's socket listens. */
  address: string;
  /** The state folder in place of the one that was assembled with. */
  stateDir: string;
  token: string;
  /** Variables of the Worker named `worker`, in place of those of the same name. */
  worker: string;
  vars: Record<string, string>;
  embedder: string | undefined;
  prover: string | undefined;
  gpu: string | undefined;
  /** The Worker that the launcher's own socket reaches; none has no such socket. */
  launcher: string | undefined;
};

/**
 * The configuration of one start: the places filled, and without the services that no socket leads to. What Miniflare
 * reports to its own process goes to a Worker that writes it to the log; its entry, by which all bindings could be
 * called, and its way to switch a socket to workerd's own RPC are gone.
 */
export function filled(assembled: Services & { root: string }, filling: Filling): Services {
  const places = ["embedder", "prover", "gpu"] as const;
  const absent = new Set<string>(
    places.filter((place) => filling[place] === undefined).map((place) => PLACE[place]),
  );
  const unbound = new Set(
    assembled.services.filter((each) => absent.has(addressOf(each))).map(({ name }) => name),
  );
  const put = (text: string): string => {
    if (text === PLACE.token) return filling.token;
    const place = places.find((one) => text === PLACE[one]);
    if (place !== undefined) return filling[place] ?? text;
    return text === assembled.root || text.startsWith(`${assembled.root}/`)
      ? `${filling.stateDir}${text.slice(assembled.root.length)}`
      : text;
  };
  const services = assembled.services
    .map((service) => structOf(service.name === LOOPBACK ? REPORTS : mapped(service, put)))
    .map((service) => withBindings(service, filling, unbound))
    .map(straightOut);
  services.push(...services.filter(({ name }) => name === "internet").map(guarded));
  const direct = assembled.sockets.find((socket) => nameOf(socket).startsWith("direct:"));
  if (direct === undefined) throw new Error("the assembled services have no direct socket");
  const sockets: Struct[] = [
    { name: SOCKETS.world, address: filling.address, http: {}, service: direct["service"] ?? "" },
  ];
  if (filling.launcher !== undefined)
    sockets.push({
      name: SOCKETS.launcher,
      address: "127.0.0.1:0",
      http: {},
      service: `core:user:${filling.launcher}`,
    });
  return { services: reachable(services, sockets), sockets, extensions: assembled.extensions };
}

const LOOPBACK = "loopback";
const GUARDED = "egress";

/** Levels as Miniflare numbers them: 1 is an error; nobody reads the others. */
const REPORTS: Struct = {
  name: LOOPBACK,
  worker: {
    compatibilityDate: "2026-11-17",
    modules: [
      {
        name: "reports.js",
        esModule: `export default { async fetch(request) {
  if (request.headers.get("MF-Log-Level") === "1") console.error(await request.text());
  return new Response(null, { status: 204 });
} };`,
      },
    ],
  },
};

function withBindings(service: Struct, { worker, vars }: Filling, unbound: Set<unknown>): Struct {
  const { worker: settings } = service;
  if (!isStruct(settings) || !Array.isArray(settings["bindings"])) return service;
  const kept = (settings["bindings"] as Struct[]).filter(
    (binding) => !(isStruct(binding["service"]) && unbound.has(binding["service"]["name"])),
  );
  const bindings =
    service["name"] === `core:user:${worker}`
      ? [
          ...kept.filter((binding) => !(nameOf(binding) in vars)),
          ...Object.entries(vars).map(([name, text]) => ({ name, text })),
          { name: "EGRESS", service: { name: GUARDED } },
        ]
      : kept;
  return { ...service, worker: { ...settings, bindings } };
}

/** The way out to targets that anybody may name. The check is of the address that is connected to, whatever its name resolved to before. */
const guarded = (internet: Struct): Struct => ({
  name: GUARDED,
  network: {
    ...structOf(internet["network"] ?? {}),
    allow: ["public"],
    deny: ["private", ...NOT_PUBLIC],
  },
});

/** Without the isolates between a Worker and the network, of which each has two: they mark requests and simulate a cache that nothing here uses. */
function straightOut(service: Struct): Struct {
  const { worker } = service;
  if (!isStruct(worker) || !("globalOutbound" in worker)) return service;
  const { cacheApiOutbound: _, ...rest } = worker;
  return { ...service, worker: { ...rest, globalOutbound: { name: "internet" } } };
}

/** Those that a socket leads to, however far; the network is where every Worker goes that names nothing else. */
function reachable(services: Struct[], sockets: Struct[]): Struct[] {
  const byName = new Map(services.map((service) => [nameOf(service), service]));
  const found = new Set<string>();
  const waiting = ["internet", ...sockets.flatMap(textsOf)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const service = byName.get(name);
    if (service === undefined || found.has(name)) continue;
    found.add(name);
    waiting.push(...textsOf(service));
  }
  return services.filter((service) => found.has(nameOf(service)));
}

/** Every text in a value but the code in it. */
function textsOf(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "boolean") return [];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return Object.entries(value).flatMap(([field, each]) =>
    field === "modules" ? [] : textsOf(each),
  );
}

function mapped(value: Value, put: (text: string) => string): Value {
  if (typeof value === "string") return put(value);
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((each: Value) => mapped(each, put));
  return Object.fromEntries(
    Object.entries(value).map(([field, each]) => [field, mapped(each, put)]),
  );
}

const addressOf = ({ external }: Struct): string =>
  isStruct(external) && typeof external["address"] === "string" ? external["address"] : "";

const nameOf = ({ name }: Struct): string => (typeof name === "string" ? name : "");

const isStruct = (value: Value | undefined): value is Struct =>
  typeof value === "object" && !Array.isArray(value);

function structOf(value: Value): Struct {
  if (!isStruct(value)) throw new Error("not a struct");
  return value;
}
