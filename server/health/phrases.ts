// Figures in words, for sentences that people read.

export function count(number: number, of: string): string {
  return `${number} ${of}${number === 1 ? '' : 's'}`;
}

/** Names three at most, and counts the others. */
export function names(all: readonly string[]): string {
  const more = all.length - 3;
  return all.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function bytes(number: number): string {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, number)) / 10));
  const scaled = number / 1024 ** power;
  return `${scaled >= 10 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

export function span(seconds: number): string {
  const [size, unit] = (
    [
      [86_400, 'day'],
      [3600, 'hour'],
      [60, 'minute'],
    ] as const
  ).find(([least]) => seconds >= least * 2) ?? [1, 'second'];
  return count(Math.round(seconds / size), unit);
}
