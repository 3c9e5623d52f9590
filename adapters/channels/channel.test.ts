import { faceOf } from "#adapters/channels/faces.ts";
import { channelContract } from "#adapters/channels/channel.contract.ts";
import { FAKES } from "#adapters/channels/fakes/all.ts";
import { CHANNEL_TYPES } from "#domain/channels/kinds.ts";

for (const type of CHANNEL_TYPES)
  channelContract(type, FAKES[type], (config, call) => {
    const here = { name: "Ours", address: null, sender: null };
    const face = faceOf(type, config, call, here);
    if (face === null) throw new Error("its configuration is not of its kind");
    return face;
  });
