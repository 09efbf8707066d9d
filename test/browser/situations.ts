// Which clicks lead to the cause of a situation, what is said there, and what must not be said: of scenarios A, B and D.
import type { Scenario } from '../fidelity/scenario.ts';
import { onThePage } from '../fidelity/scenarios/on-the-page.ts';
import { pauses } from '../fidelity/scenarios/pauses.ts';
import { pileUps } from '../fidelity/scenarios/pile-ups.ts';
import { resets } from '../fidelity/scenarios/resets.ts';
import { retransmissions } from '../fidelity/scenarios/retransmissions.ts';
import { slow } from '../fidelity/scenarios/slow.ts';

/** From the first page, with the host in the filter. */
export const CLICKS_MAX = 3;

/** A page of the top bar; a count above the list of connections; a row of a table, the first one with a text. */
export type Click = { page: string } | { chip: string } | { row: string; with?: string };

type Situation = { scenario: Scenario; side: 'client' | 'server'; clicks: readonly Click[]; says?: RegExp; never: readonly RegExp[] };

const ALL = [...resets, ...slow, ...pauses, ...pileUps, ...retransmissions, ...onThePage];
const scenarioOf = (id: string): Scenario => {
  const scenario = ALL.find((each) => each.id === id);
  if (scenario === undefined) throw new Error(`there is no scenario ${id}`);
  return scenario;
};

const STORY: readonly Click[] = [{ page: 'Connections' }, { row: 'connections' }];
const on = (id: string, side: Situation['side'], clicks: readonly Click[] = STORY, says?: RegExp, ...never: RegExp[]): Situation => ({
  scenario: scenarioOf(id),
  side,
  clicks,
  ...(says && { says }),
  never,
});

export const situations: readonly Situation[] = [
  ...[
    'A1',
    'A1b',
    'A2',
    'A3',
    'A4',
    'A6',
    'A6d',
    'A7',
    'B1',
    'B3',
    'B4',
    'B6',
    'B7',
    'B8',
    'B9',
    'D1c',
    'D2',
    'D3',
    'D4',
    'D5',
    'D5b',
    'D7',
    'W10',
  ].map((id) => on(id, 'client')),
  ...['A2', 'A3', 'A4', 'A6', 'A7', 'B8', 'B10', 'B7', 'D7'].map((id) => on(id, 'server')),
  on('A5', 'server', [{ page: 'Listeners' }]),
  on('C5', 'server', [{ page: 'Listeners' }]),
  on('C5b', 'server', [{ page: 'Listeners' }]),
  on('A4', 'server', []),
  on('A6', 'server', []),
];
