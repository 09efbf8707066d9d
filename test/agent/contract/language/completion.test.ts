// What an editor offers, case by case; `|` is the cursor.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completion } from '../../../../agent/contract/language/completion.ts';
import type { Place } from '../../../../agent/contract/language/fields.ts';
import { EXPRESSIONS } from '../../../fuzz/expressions.ts';
import { tries } from '../../../support/tries.ts';

function offered(marked: string, place: Place = 'rows') {
  const cursor = marked.indexOf('|');
  const { suggestions, span, prefix, ask } = completion(marked.replace('|', ''), cursor, place);
  return { texts: suggestions.map(({ text }) => text), replaces: marked.slice(span.start, span.end), prefix, ask: ask ?? '' };
}

function check(marked: string, wanted: Partial<ReturnType<typeof offered>>, place?: Place): void {
  test(marked, () => expect(offered(marked, place)).toMatchObject(wanted));
}

check('cl|', { texts: ['class'], replaces: 'cl' });
check('pid = 1 and ca|', { texts: ['ca_state'] });
check('pid = 1 |', { texts: ['and', 'or'], ask: '' });
check('pid = 1 o|', { texts: ['or'], replaces: 'o' });
check('(pid = 1 |', { texts: ['and', 'or', ')'] });
check('pid |', { texts: ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in'] });
check('process |', { texts: ['=', '!=', 'in', 'not in'] });
check('process n|', { texts: ['not in'] });
check('process not |', { texts: ['in'] });
check('class = |', { texts: ['unknown', 'fast', 'slow_start', 'rto', 'tlp', 'syn', 'syn_ack'] });
check('class in (rto, s|', { texts: ['slow_start', 'syn', 'syn_ack'], replaces: 's' });
check('class in (rto |', { texts: [',', ')'] });
check('not (class in (rto) and (role = c|', { texts: ['client'] });
check('process = ng|', { texts: [], ask: 'process', prefix: 'ng' });
check('process in (a, "b c|', { texts: [], ask: 'process', prefix: 'b c', replaces: '"b c' });
check('peer = 10.0.0.1 or process = a and host = web|', { ask: 'host', prefix: 'web' });
check('lab|', { texts: ['label.'] });
check('label.r|', { texts: [], ask: 'label' });
check('label.rack = |', { ask: 'label.rack' });
check('host|', { texts: [] }, 'kernel');
check('pid = = |', { texts: [], ask: '' });
check('pid = 1 &&|', { texts: [] });
check('ki| and pid = 1', { texts: ['kind'], replaces: 'ki' });

test('an empty text offers every field, and what each means', () => {
  const { suggestions } = completion('', 0, 'rows');
  expect(suggestions.find(({ text }) => text === 'srtt')).toEqual({ text: 'srtt', words: 'the smoothed round-trip time' });
  expect(suggestions.length).toBeGreaterThan(40);
});

test('of some fields only those are offered, and values, operators and words as ever', () => {
  const of = (text: string) => completion(text, text.length, 'rows', ['host', 'label', 'role']).suggestions.map((one) => one.text);
  expect(of('')).toEqual(['host', 'label.', 'role', 'not', '(']);
  expect(of('role = ')).toEqual(['unknown', 'client', 'server']);
  expect(of('host = a ')).toEqual(['and', 'or']);
});

test('wherever the cursor is, in whatever text, there is an answer', () => {
  const text = fc.oneof(fc.constantFrom(...EXPRESSIONS), fc.string());
  fc.assert(
    fc.property(text, fc.nat(), (any, place) => {
      const { span } = completion(any, place % (any.length + 1), 'rows');
      expect(span.start).toBeLessThanOrEqual(span.end);
    }),
    tries(1000),
  );
});
