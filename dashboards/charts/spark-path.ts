/** An SVG path through `values` in a box of `width` × `height`. The bottom is zero, the top the highest value; null is a gap. */
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
    // A point between two gaps becomes a short dash: a path without length would not be drawn.
    if (!joined && (values[at + 1] ?? null) === null) path.push('h1');
  }
  return path.join('');
}

const round = (value: number) => Math.round(value * 10) / 10;
