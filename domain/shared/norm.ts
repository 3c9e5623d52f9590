/** A vector's length. `Math.hypot` is exact where squares leave the range of a double, and many times slower. */
export function normOf(values: number[] | Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return sum > 1e-200 && sum < 1e200 ? Math.sqrt(sum) : Math.hypot(...values);
}
