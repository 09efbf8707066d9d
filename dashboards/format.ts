// Figures as people read them: SI units, a narrow space before the unit, at most three significant digits.

const SPACE = '\u202f';
export const NO_FIGURE = '–';

/** `1 204`, `48.2`, `3.1`, `0.04`: three significant digits below a thousand, whole numbers above. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5)
    return Math.round(value)
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, SPACE);
  if (size >= 99.95) return value.toFixed(0);
  if (size === 0) return '0';
  if (size < 0.005) return value < 0 ? '>-0.01' : '<0.01';
  const digits = size >= 9.995 ? 1 : 2;
  return trimZeros(value.toFixed(digits));
}

const trimZeros = (text: string) => text.replace(/\.?0+$/, '');

/** Above 10 000 shortened: `12.3 k`, `4.1 M`. */
export function formatCount(value: number): string {
  return Math.abs(value) < 10_000 ? formatNumber(value) : scaled(value, ['', 'k', 'M', 'G', 'T']);
}

function scaled(value: number, prefixes: readonly string[], unit = ''): string {
  let left = value;
  let at = 0;
  while (Math.abs(left) >= 999.5 && at < prefixes.length - 1) {
    left /= 1000;
    at++;
  }
  return `${formatNumber(left)}${SPACE}${prefixes[at] ?? ''}${unit}`;
}

/** Bytes with decimal prefixes: `1.5 kB`. */
export const formatBytes = (bytes: number): string => scaled(bytes, ['', 'k', 'M', 'G', 'T', 'P'], 'B');

/** A share of 0–1 as per cent with as many digits for each size, so that columns align: `0.42 %`, `3.00 %`, `46.1 %`. */
export function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  if (percent === 0 || percent >= 99.95) return `${percent.toFixed(0)}${SPACE}%`;
  if (percent < 0.005) return `<0.01${SPACE}%`;
  return `${percent.toFixed(percent >= 9.995 ? 1 : 2)}${SPACE}%`;
}

/** Completeness never rounds up: only a whole account reads 100 %. */
export function formatCompleteness(ratio: number): string {
  if (ratio >= 1) return `100${SPACE}%`;
  return `${(Math.floor(ratio * 10_000) / 100).toFixed(2)}${SPACE}%`;
}

/** µs in the unit that leaves one to three digits: `850 µs`, `1.2 ms`, `3.4 s`, `2 min 5 s`, `3 h 10 min`. */
export function formatDurationUs(us: number): string {
  if (us < 999.5) return `${formatNumber(us)}${SPACE}µs`;
  if (us < 999_500) return `${shortNumber(us / 1e3)}${SPACE}ms`;
  if (us < 59.95e6) return `${shortNumber(us / 1e6)}${SPACE}s`;
  return formatLong(Math.round(us / 1e6));
}

const shortNumber = (value: number) => (value >= 9.95 ? value.toFixed(0) : trimZeros(value.toFixed(1)));

function formatLong(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  let left = seconds;
  return units
    .slice(first, first + 2)
    .map(([size, name]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count > 0 ? `${count}${SPACE}${name}` : '';
    })
    .filter(Boolean)
    .join(' ');
}

/** An address and its port; if there is little room, the address is cut and the port is not. */
export type EndpointParts = { addr: string; tail: string };

/** `10.0.0.1` and `:443`, `[2001:db8::1]` and `:443`. */
export const endpointParts = (addr: string, port: number): EndpointParts => ({
  addr: addr.includes(':') ? `[${addr}]` : addr,
  tail: `:${port}`,
});

/** `10.0.0.1:443`, `[2001:db8::1]:443`. */
export const formatEndpoint = (addr: string, port: number): string => Object.values(endpointParts(addr, port)).join('');

/** A name from a host, with control and bidirectional characters made visible. For text nodes only, never for markup. */
export function formatName(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be shown.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** ns since the epoch (as a decimal string, since a number would not be exact) → ms. */
export function msOfNs(time_ns: string): number {
  return Number(BigInt(time_ns) / 1000n) / 1000;
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** Local wall clock: `03:04:05`. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** Local wall clock with ms: `03:04:05.678`. */
export const formatClockMs = (ms: number): string => `${formatClock(ms)}.${pad(Math.floor(ms) % 1000, 3)}`;

/** Local date: `2026-03-01`. */
export function formatDay(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Local date and time: `2026-03-01 03:04:05`. */
export const formatDateTime = (ms: number): string => `${formatDay(ms)} ${formatClock(ms)}`;

/** A clock time, with the date in front when it is not today's. */
export function formatWhen(ms: number, now_ms: number): string {
  return new Date(ms).toDateString() === new Date(now_ms).toDateString() ? formatClock(ms) : formatDateTime(ms);
}

/** `2026-03-01 03:04:05 – 04:04:05`; with a second date if the range ends on another day. */
export function formatSpan(from_ms: number, to_ms: number): string {
  const sameDay = new Date(from_ms).toDateString() === new Date(to_ms).toDateString();
  return `${formatDateTime(from_ms)} – ${sameDay ? formatClock(to_ms) : formatDateTime(to_ms)}`;
}

/** `null` → a dash, else through `format`. */
export const figure = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? NO_FIGURE : format(value);
