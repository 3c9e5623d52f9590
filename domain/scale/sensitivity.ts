import { billOf } from "#domain/scale/bill.ts";
import type { Values } from "#domain/scale/parameters.ts";

/** What the goal's total becomes when one parameter is a tenth less or more (a share: by five hundredths). */
export type Sensitivity = { name: string; value: number; less: number; more: number };

/** The parameters that move the total most, the strongest first. Limits cost nothing and are left out. */
export function sensitivities(v: Values, isShare: (name: string) => boolean): Sensitivity[] {
  return Object.entries(v)
    .filter(([name]) => !name.startsWith("limit."))
    .map(([name, value]) => {
      const share = isShare(name);
      const step = share ? 0.05 : value / 10;
      const at = (changed: number) =>
        billOf({ ...v, [name]: Math.max(0, share ? Math.min(1, changed) : changed) }).goal;
      return { name, value, less: at(value - step), more: at(value + step) };
    })
    .sort((a, b) => Math.abs(b.more - b.less) - Math.abs(a.more - a.less));
}
