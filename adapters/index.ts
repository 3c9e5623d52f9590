export type Services = ReturnType<typeof services>;

/** The ports of the product over its bindings: the only place that chooses between a binding and its embedded twin. */
export function services(_env: Env) {
  return {};
}
