// The line that `tcplens admin enrol` prints: the collector's URL, the secret that lets a host in, and the pins that identify the
// collector.
import { ConfigError } from '../process/errors.ts';
import { parseUrl } from '../process/units.ts';

/**
 * `enrolment`: id and secret. `pins`: SHA-256 of the CAs' certificates, 64 hex digits each, one for each collector of the fleet; none: a CA that
 * every machine trusts, or no TLS.
 */
export type JoinLine = { url: string; enrolment: string; pins: string[] };

const FRAGMENT = /^([0-9a-f]{16}\.[0-9a-f]{64})\.((?:[0-9a-f]{64},?){1,16}|system|plain)$/;

export function parseJoinLine(text: string): JoinLine {
  const [url = '', fragment = ''] = text.trim().split('#');
  const [, enrolment, pin] = FRAGMENT.exec(fragment) ?? [];
  if (enrolment === undefined || pin === undefined)
    throw new ConfigError(
      'bad_value',
      'that is not the whole line that "tcplens admin enrol" prints: quote it, since a shell cuts it at the #',
    );
  const parsed = parseUrl(url);
  if (parsed.startsWith('https:') === (pin === 'plain'))
    throw new ConfigError('bad_value', 'the line was changed: its URL and what follows the # do not agree');
  return { url: parsed, enrolment, pins: pin === 'system' || pin === 'plain' ? [] : pin.split(',') };
}

/** The id of the enrolment, which is no secret. */
export function enrolmentId({ enrolment }: JoinLine): string {
  return enrolment.slice(0, 16);
}
