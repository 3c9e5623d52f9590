/** Objects call nothing outside but by this, which is the product's one way out. */
export { egress } from "#adapters/egress.ts";
