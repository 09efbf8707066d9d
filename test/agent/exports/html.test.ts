// What is put into HTML is text, whatever it is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html } from '../../../agent/exports/html.ts';
import { tries } from '../../support/tries.ts';

test.each([
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  [`"a" & 'b'`, '&quot;a&quot; &amp; &#39;b&#39;'],
  ['a\u202eb\u0007', 'a\\u202eb\\u0007'],
])('%j', (text, written) => {
  expect(html`<p title="${text}">${text}</p>`.text).toBe(`<p title="${written}">${written}</p>`);
});

test('HTML that was made the same way stays as it is, also in lists', () => {
  expect(html`<ul>${['a', '<'].map((text) => html`<li>${text}</li>`)}</ul>${''}${3}`.text).toBe('<ul><li>a</li><li>&lt;</li></ul>3');
});

test('nothing that is put in opens an element, closes an attribute, or turns the direction', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(html`${text}`.text).not.toMatch(/[<>"'\u202a-\u202e\u2066-\u2069\0]/u);
    }),
    tries(500),
  );
});
