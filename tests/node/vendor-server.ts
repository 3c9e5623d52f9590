import { FAKES } from "#adapters/channels/fakes/all.ts";
import type { FakeVendor, VendorCall } from "#adapters/channels/fakes/vendor.ts";
import type { ChannelType } from "#domain/channels/kinds.ts";
import { served } from "./http-fake.ts";

export type ServedVendor = FakeVendor & { url: string; close(): Promise<void> };

/** A fake vendor with its interface on a port of its own. */
export async function vendorServer(type: ChannelType): Promise<ServedVendor> {
  const vendor = FAKES[type]();
  return Object.assign(vendor, await served((request) => vendor.answer(request)));
}

/** What the vendor calls, where the channel said that it should. */
export async function brought(inboundUrl: string, call: VendorCall): Promise<Response> {
  const { method, query, headers, body } = call;
  return await fetch(`${inboundUrl}${query}`, {
    method,
    headers,
    ...(method === "POST" && { body }),
  });
}
