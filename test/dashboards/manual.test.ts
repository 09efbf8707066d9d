// The manual has an entry for everything that has a name, and every link into it leads to one.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIELD_NAMES } from '../../agent/contract/language/fields.ts';
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import { CONNECTION_ORDERS } from '../../dashboards/connections-view.ts';
import { SORTS } from '../../dashboards/view-state.ts';
import { found, manualOf } from '../../dashboards/views/help/manual.ts';
import { END_REASON_WORDS, STATE_WORDS } from '../../dashboards/words.ts';
import { rowKinds } from '../../server/query/row-kinds.ts';
import { DIMENSION_NAMES } from '../../server/storage/explore/dimensions.ts';
import { METRIC_NAMES } from '../../server/storage/explore/metrics.ts';
import { exploreNames } from '../../server/storage/explore/names.ts';
import { root } from '../support/project-files.ts';

const names = exploreNames({ labels: () => new Map([['1', { env: 'prod' }]]) });
const sections = manualOf(names, rowKinds());
const entries = sections.flatMap((section) => section.entries);
const ids = [...sections.map(({ id }) => id), ...entries.map(({ id }) => id)];

const prefixed = (prefix: string, all: readonly string[]) => all.map((name) => `${prefix}-${name}`);
const NAMED = {
  fields: prefixed('field', FIELD_NAMES),
  metrics: prefixed('metric', METRIC_NAMES),
  dimensions: prefixed('dimension', [...DIMENSION_NAMES, 'label.env']),
  kinds: prefixed('row', Object.keys(KINDS)),
  states: prefixed('state', Object.keys(STATE_WORDS)),
  ends: prefixed('end', Object.keys(END_REASON_WORDS)),
  'columns of edges': prefixed('edge', SORTS),
  'columns of connections': prefixed('connection', CONNECTION_ORDERS),
};
test.each(Object.entries(NAMED))('each of the %s', (_, wanted) => {
  expect(wanted.length).toBeGreaterThan(3);
  expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
});

test('each column of each row, with its type, and with words wherever rows.h has some', () => {
  for (const [kind, { columns, words }] of Object.entries(KINDS)) {
    expect(words, kind).toMatch(/^[A-Z].{10,}/);
    for (const { name, type, comment } of columns.filter((column) => column.name !== 'pad')) {
      const entry = entries.find(({ id }) => id === `row-${kind}-${name}`) ?? entries.find(({ id }) => id === `row-${name}`);
      expect(entry?.facts, `${kind}.${name}`).toContain(type);
      if (comment !== '') expect(entry?.words, `${kind}.${name}`).not.toBe('');
    }
  }
});

test('an entry has one id, and words, unless it is a column that its name says all of', () => {
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  expect(entries.filter(({ id, words }) => words === '' && !id.startsWith('row-'))).toEqual([]);
  expect(entries.every(({ words }) => !/\b\w+_row\b/.test(words))).toBe(true);
});

describe('every link into the manual leads to an entry', () => {
  const dashboards = join(root, 'dashboards');
  const sources = globSync('**/*.svelte', { cwd: dashboards, exclude: ['dist/**'] }).map(
    (path) => [path, readFileSync(join(dashboards, path), 'utf8')] as const,
  );
  const links = sources.flatMap(([path, text]) =>
    [...text.matchAll(/(?:\bentry="|\?page=help#)([a-z_]+(?:-[\w.-]+)?)["']/g)].map(([, id = '']) => [path, id] as const),
  );
  test.each(links)('%s: %s', (_, id) => expect(ids).toContain(id));

  test('and there are such links on tiles and in every table that has figures', () => {
    expect(links.filter(([path]) => path.endsWith('Tiles.svelte'))).toHaveLength(8);
    const linking = sources.filter(([, text]) => /<ManualLink\b/.test(text)).map(([path]) => path.replace(/^.*\//, ''));
    expect(linking).toEqual(
      expect.arrayContaining(['EdgesTable.svelte', 'ConnectionsTable.svelte', 'RetransmitsTable.svelte', 'ExploreTable.svelte']),
    );
  });
});

test('found are entries that have all of the words, by name, by what the page calls them and by what is said', () => {
  const of = (text: string) => found(sections, text).flatMap((section) => section.entries.map(({ id }) => id));
  expect(of('close_wait')).toEqual(expect.arrayContaining(['state-close_wait', 'row-connection-close_wait_us']));
  expect(of('Tail Probe')).toContain('class-tlp');
  expect(of('RECV-Q unread')).toContain('figure-unread');
  expect(of('no such thing anywhere')).toEqual([]);
  expect(found(sections, ' ')).toEqual(sections);
});

test('before the collector has told, the page’s own words are there', () => {
  const early = manualOf(null, null).map(({ id }) => id);
  expect(early).toContain('field');
  expect(early).not.toContain('metric');
});
