/** An SVG path through `values` in a box of `width` × `height`, from zero at the bottom to the highest at the top; null lifts the pen. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const path: string[] = [];
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    const x = round(at * step);
    const y = round(height - (highest > 0 ? (value / highest) * height : 0));
    const joined = at > 0 && values[at - 1] !== null;
    path.push(`${joined ? 'L' : 'M'}${x} ${y}`);
    // A point alone is drawn as a short dash, or a line's cap would not show.
    if (!joined && (values[at + 1] ?? null) === null) path.push('h1');
  }
  return path.join('');
}

const round = (value: number) => Math.round(value * 10) / 10;
