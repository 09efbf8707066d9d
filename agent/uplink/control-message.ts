// Reads what a collector says on the control channel. The collector may be of another version: a message that this agent does not
// understand is ignored.
import type { ToAgent, WantedSettings } from '../contract/control.ts';
import { DETAIL } from '../contract/detail.ts';
import type { WantedInvestigation, WantedInvestigations } from '../contract/investigation.ts';

type Unknown<Message> = { readonly [Name in keyof Message]?: unknown };

export function messageIn(text: string): ToAgent | undefined {
  try {
    const message = JSON.parse(text) as Unknown<ToAgent>;
    if (message.type === 'settings') return settingsIn(message);
    return message.type === 'investigations' ? investigationsIn(message) : undefined;
  } catch {
    return undefined;
  }
}

function settingsIn({ version, values, watch_ms }: Unknown<WantedSettings>): WantedSettings | undefined {
  if (!isCount(version) || !isCount(watch_ms) || typeof values !== 'object' || values === null) return undefined;
  const pairs = Object.entries(values);
  if (!pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')) return undefined;
  return { type: 'settings', version, values: Object.fromEntries(pairs), watch_ms };
}

/** If one investigation cannot be read, the whole message is ignored: otherwise the agent would end that one. */
function investigationsIn({ wanted }: Unknown<WantedInvestigations>): WantedInvestigations | undefined {
  if (!Array.isArray(wanted) || !wanted.every(isWanted)) return undefined;
  // A collector of an earlier version does not know stacks of processes, so it wants none.
  return { type: 'investigations', wanted: wanted.map((one) => ({ ...one, user_stacks: one.user_stacks ?? false })) };
}

type Told = Omit<WantedInvestigation, 'user_stacks'> & { user_stacks?: boolean };

function isWanted(one: unknown): one is Told {
  if (typeof one !== 'object' || one === null) return false;
  const { id, expression, detail, user_stacks, rows_per_s, rows_max, ends_in_ms }: Unknown<WantedInvestigation> = one;
  const isNamed = typeof id === 'string' && /^[0-9a-f]{16}$/.test(id) && typeof expression === 'string';
  const isKnown = typeof detail === 'string' && Object.hasOwn(DETAIL, detail) && ['boolean', 'undefined'].includes(typeof user_stacks);
  return isNamed && isKnown && isCount(rows_per_s) && rows_per_s > 0 && isCount(rows_max) && isCount(ends_in_ms);
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
