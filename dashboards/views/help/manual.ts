// Builds the manual's entries from the tables that define things. No sentence that stands elsewhere is repeated here. Pure.
import { FIELDS, type Field, type Place } from '../../../agent/contract/language/fields.ts';
import { WRITTEN } from '../../../agent/contract/language/values.ts';
import type { ExploreNames, RowKinds } from '../../../server/api.ts';
import { CAUSE_WORDS, NOT_NEEDED_WORDS } from '../../cause-words.ts';
import { DIFFERS_WORDS } from '../../differs-words.ts';
import { STATE_SAID } from '../../fleet-words.ts';
import { DETAIL_WORDS, ENDED_WORDS, USER_STACKS_WORDS } from '../../investigation-words.ts';
import { DROP_REASONS, MEANING_WORDS, RESET_REASONS } from '../../reason-words.ts';
import {
  CA_STATE_WORDS,
  CLASS_WORDS,
  END_REASON_WORDS,
  EVIDENCE_WORDS,
  FIGURE_WORDS,
  LIMIT_WORDS,
  LOSS_WORDS,
  OUTCOME_WORDS,
  OWNER_WORDS,
  PHASE_WORDS,
  ROLE_WORDS,
  STATE_WORDS,
} from '../../words.ts';
import { CONNECTION_COLUMNS } from '../connections/connection-columns.ts';
import { EDGE_COLUMNS } from '../now/edge-columns.ts';

/** `label`: the name on the pages, if it differs. `facts`: type, unit, and where it can be used. */
export type Entry = { id: string; name: string; label: string; words: string; facts: readonly string[] };
export type Section = { id: string; title: string; entries: readonly Entry[] };

type Said = { label?: string; meaning?: string; words?: string };

/** @param names, rows null: not received from the collector yet */
export function manualOf(names: ExploreNames | null, rows: RowKinds | null): Section[] {
  return [...ofPage(), ...ofLanguage(), ...ofQuestions(names), ...ofRows(rows)];
}

/** Entries that contain each of the words in name, label or text. */
export function found(sections: readonly Section[], text: string): Section[] {
  const wanted = text.toLowerCase().split(/\s+/u).filter(Boolean);
  const isFound = ({ name, label, words }: Entry) => wanted.every((word) => `${name} ${label} ${words}`.toLowerCase().includes(word));
  return sections.map((section) => ({ ...section, entries: section.entries.filter(isFound) })).filter(({ entries }) => entries.length > 0);
}

const section = (id: string, title: string, table: Readonly<Record<string, Said | string>>): Section => ({
  id,
  title,
  entries: Object.entries(table).map(([name, said]) => {
    const { label = '', meaning = '', words = meaning }: Said = typeof said === 'string' ? { words: said } : said;
    return { id: `${id}-${name}`, name, label, words, facts: [] };
  }),
});

const ofPage = (): Section[] => [
  section('figure', 'Figures', FIGURE_WORDS),
  section('edge', 'Columns of edges', EDGE_COLUMNS),
  section('connection', 'Columns of connections', CONNECTION_COLUMNS),
  section('class', 'Why a segment was sent again', CLASS_WORDS),
  section('outcome', 'What became of it', OUTCOME_WORDS),
  section('evidence', 'Whether it was needed', EVIDENCE_WORDS),
  section('state', 'States of a connection', STATE_WORDS),
  section('end', 'Why connections end', END_REASON_WORDS),
  section('phase', 'Live, ended, failed', PHASE_WORDS),
  section('role', 'Which side of a connection', ROLE_WORDS),
  section('ca', 'States of congestion control', CA_STATE_WORDS),
  section('limit', 'What limits a connection', LIMIT_WORDS),
  section('reset', 'Why resets are sent', RESET_REASONS),
  section('drop', 'Why packets are dropped', DROP_REASONS),
  section('meaning', 'What it means that a packet was freed', MEANING_WORDS),
  section('owner', 'How the owner of a connection is known', OWNER_WORDS),
  section('cause', 'Why a segment was sent again, as an investigation judges', CAUSE_WORDS),
  section('not_needed', 'Why it was not needed', NOT_NEEDED_WORDS),
  section('detail', 'How closely an investigation looks', { ...DETAIL_WORDS, user_stacks: USER_STACKS_WORDS }),
  section('ended', 'Why an investigation ended on a host', ENDED_WORDS),
  section('host', 'States of a host', STATE_SAID),
  section('loss', 'Where rows are lost', LOSS_WORDS),
  section('differs', 'What differs in a brushed time', DIFFERS_WORDS),
];

const PLACE_WORDS: Record<Place, string> = { kernel: 'the kernel', rows: 'rows', minutes: 'minutes', tiers: 'hours and days' };

function ofLanguage(): Section[] {
  const entries = Object.entries<Field>(FIELDS).map(([name, { type, words, places, values = [] }]) => {
    const written = type in WRITTEN ? WRITTEN[type as keyof typeof WRITTEN] : type;
    const facts = [values.length > 0 ? values.join(', ') : written, `asked of ${places.map((place) => PLACE_WORDS[place]).join(', ')}`];
    return { id: `field-${name}`, name, label: '', words, facts };
  });
  return [{ id: 'field', title: 'Fields of filters', entries }];
}

function ofQuestions(names: ExploreNames | null): Section[] {
  if (names === null) return [];
  const metrics = names.metrics.map(({ name, words, unit, end, adds }) => {
    return { id: `metric-${name}`, name, label: '', words, facts: [unit, `counted ${end}`, `adds up: ${adds}`] };
  });
  const dimensions = names.dimensions.map(({ name, words, field }) => {
    return { id: `dimension-${name}`, name, label: '', words, facts: [`one value is picked by ${field} = …`] };
  });
  return [
    { id: 'metric', title: 'Metrics', entries: metrics },
    { id: 'dimension', title: 'Dimensions', entries: dimensions },
  ];
}

function ofRows(rows: RowKinds | null): Section[] {
  if (rows === null) return [];
  const columns = (kind: string, of: RowKinds['head']): Entry[] =>
    of.map(({ name, type, unit, words }) => ({
      id: `${kind}-${name}`,
      name,
      label: '',
      words,
      facts: unit === '' ? [type] : [type, unit],
    }));
  return [
    { id: 'row', title: 'Rows of every kind begin with', entries: columns('row', rows.head) },
    ...rows.kinds.map(({ name, words, columns: own }) => {
      const id = `row-${name}`;
      return { id: `${id}-columns`, title: `Rows: ${name}`, entries: [{ id, name, label: '', words, facts: [] }, ...columns(id, own)] };
    }),
  ];
}
