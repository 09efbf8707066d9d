// The filter as a person types it: `process=nginx peer=10.0.0.1 port=443 host=web-1`, values quoted where they hold spaces.

export type Filter = { host?: string; process?: string; peer?: string; port?: number };

/** Says what the keys mean; the order is that of the text. */
export const FILTER_KEYS = {
  host: 'host name or id',
  process: 'process name, exact',
  peer: 'peer’s IPv4 or IPv6 address',
  port: 'service port',
} as const satisfies Record<keyof Filter, string>;

/** Bytes of a process name as the kernel keeps it (TASK_COMM_LEN without its zero). */
const COMM_BYTES_MAX = 15;

export type ParsedFilter = { filter: Filter; error: '' } | { filter: null; error: string };

const refuse = (error: string): ParsedFilter => ({ filter: null, error });

/** Text → filter, or the first thing that is wrong with it and what would be right. */
export function parseFilter(text: string): ParsedFilter {
  const filter: Filter = {};
  let rest = text.trim();
  while (rest !== '') {
    const term = /^([^\s=]+)=("((?:[^"\\]|\\.)*)"|[^\s"]*)(?=\s|$)/u.exec(rest);
    if (!term) return refuse(`“${rest.split(/\s/u)[0]}” is not key=value. Keys: ${Object.keys(FILTER_KEYS).join(', ')}.`);
    const [whole, key = '', raw = '', quoted] = term;
    const value = quoted === undefined ? raw : quoted.replace(/\\(.)/gsu, '$1');
    const error = setTerm(filter, key, value);
    if (error) return refuse(error);
    rest = rest.slice(whole.length).trimStart();
  }
  return { filter, error: '' };
}

/** Adds one term to `filter`; returns what is wrong with it, or an empty text. */
export function setTerm(filter: Filter, key: string, value: string): string {
  if (!isFilterKey(key)) return `There is no filter “${key}”. Keys: ${Object.keys(FILTER_KEYS).join(', ')}.`;
  if (filter[key] !== undefined) return `${key} is given twice; a filter has one value for each key.`;
  if (value === '') return `${key}= needs a value: ${FILTER_KEYS[key]}.`;
  const error = problemWith[key](value);
  if (error) return error;
  if (key === 'port') filter.port = Number(value);
  else filter[key] = key === 'peer' ? (plainAddress(value) ?? value) : value;
  return '';
}

export const isFilterKey = (key: string): key is keyof Filter => Object.hasOwn(FILTER_KEYS, key);

const problemWith: Record<keyof Filter, (value: string) => string> = {
  host: () => '',
  process: (value) =>
    new TextEncoder().encode(value).length > COMM_BYTES_MAX
      ? `process=${value} is too long: the kernel keeps ${COMM_BYTES_MAX} bytes of a process name.`
      : '',
  peer: (value) => (plainAddress(value) ? '' : `peer=${value} is not an IPv4 or IPv6 address.`),
  port: (value) => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? '' : `port=${value} is not a port: 0 to 65535.`),
};

/**
 * An address as rows have it, however it is spelled: an IPv6 address in its shortest form, an IPv4 address in IPv6's form as IPv4. Live
 * rows are compared with its text. Undefined: it is no address.
 */
function plainAddress(text: string): string | undefined {
  const bytes = text.split('.');
  if (!text.includes(':')) return bytes.length === 4 && bytes.every((byte) => isByte(byte)) ? text : undefined;
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !URL.canParse(`http://[${text}]/`)) return undefined;
  const shortest = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(shortest) ?? [];
  if (high === undefined || low === undefined) return shortest;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.');
}

/** As people write it: with a zero in front, some read it as octal. */
const isByte = (text: string) => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;

/** Filter → the text that parses back to it. */
export function formatFilter(filter: Filter): string {
  return Object.keys(FILTER_KEYS)
    .filter(isFilterKey)
    .filter((key) => filter[key] !== undefined)
    .map((key) => `${key}=${quote(String(filter[key]))}`)
    .join(' ');
}

const quote = (value: string) => (/[\s"\\]/u.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value);

export const isUnfiltered = (filter: Filter): boolean => Object.keys(filter).length === 0;
