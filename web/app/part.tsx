import { type ComponentType, lazy, useState } from "react";

/** A part of the page that is loaded once it is drawn, or `ahead` of that: then nothing is drawn in its place. */
export function part(load: () => Promise<{ default: ComponentType }>) {
  let loaded: ComponentType | undefined;
  const Later = lazy(load);
  function Part() {
    // Chosen once: another component in the same place would begin anew.
    const [Shown] = useState(() => loaded ?? Later);
    return <Shown />;
  }
  return Object.assign(Part, {
    ahead: async () => {
      loaded = (await load()).default;
    },
  });
}
