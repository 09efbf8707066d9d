/** The least of the values that so many of them are not above; NaN without any. */
export function quantile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)] ?? Number.NaN;
}
