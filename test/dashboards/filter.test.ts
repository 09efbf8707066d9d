import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAddress } from '../../bpf/rows/rows.gen.ts';
import { type Filter, formatFilter, parseFilter } from '../../dashboards/filter.ts';

describe('what a person types', () => {
  const cases: readonly (readonly [string, Filter])[] = [
    ['', {}],
    ['   ', {}],
    ['process=nginx peer=10.0.0.1 port=443 host=web-1', { process: 'nginx', peer: '10.0.0.1', port: 443, host: 'web-1' }],
    ['  port=0\tpeer=2001:db8::1 ', { port: 0, peer: '2001:db8::1' }],
    ['process="Web Content"', { process: 'Web Content' }],
    ['process="say \\"hi\\" \\\\"', { process: 'say "hi" \\' }],
    ['peer=::ffff:1.2.3.4', { peer: '1.2.3.4' }],
    ['peer=::FFFF:102:304', { peer: '1.2.3.4' }],
    ['peer=2001:DB8:0:0:0:0:0:1', { peer: '2001:db8::1' }],
    ['peer=2001:0db8::0001', { peer: '2001:db8::1' }],
    ['peer=1:0:0:2:0:0:0:3', { peer: '1:0:0:2::3' }],
    ['peer=64:ff9b::1.2.3.4', { peer: '64:ff9b::102:304' }],
    ['peer=0:0:0:0:0:0:0:0', { peer: '::' }],
    ['process=a=b', { process: 'a=b' }],
  ];
  test.each(cases)('%j', (text, filter) => {
    expect(parseFilter(text)).toEqual({ filter, error: '' });
  });
});

describe('what is wrong is said', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['nginx', /“nginx” is not key=value\. Keys: host, process, peer, port/],
    ['proces=nginx', /no filter “proces”\. Keys: host, process/],
    ['constructor=1', /no filter “constructor”/],
    ['port=443 port=80', /port is given twice/],
    ['port=', /port= needs a value: service port/],
    ['port=http', /port=http is not a port: 0 to 65535/],
    ['port=65536', /is not a port/],
    ['peer=10.0.0', /is not an IPv4 or IPv6 address/],
    ['peer=10.0.0.256', /is not an IPv4 or IPv6 address/],
    ['peer=010.0.0.1', /is not an IPv4 or IPv6 address/],
    ['peer=fe80::1%eth0', /is not an IPv4 or IPv6 address/],
    ['peer=::1]/x[', /is not an IPv4 or IPv6 address/],
    ['peer=1:2', /is not an IPv4 or IPv6 address/],
    ['process=sixteen-letters-', /too long: the kernel keeps 15 bytes/],
    ['process=äöüäöüäö', /too long/],
    ['process="open', /is not key=value/],
  ];
  test.each(cases)('%j', (text, error) => {
    const parsed = parseFilter(text);
    expect(parsed.filter).toBeNull();
    expect(parsed.error).toMatch(error);
  });
});

test('an address is written as rows have it, whoever spells it how', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, isMapped) => {
      if (isMapped) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
      const view = new DataView(bytes.buffer);
      const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16));
      const asked = [groups.join(':'), groups.map((group) => group.padStart(4, '0').toUpperCase()).join(':'), readAddress(view, 0)];
      for (const text of asked) expect(parseFilter(`peer=${text}`)).toEqual({ filter: { peer: readAddress(view, 0) }, error: '' });
    }),
  );
});

test('every filter is written so that it reads back', () => {
  const comm = fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' }).filter((text) => new TextEncoder().encode(text).length <= 15);
  const filters = fc.record(
    {
      host: fc.string({ minLength: 1 }),
      process: comm,
      peer: fc.oneof(fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 0, max: 65_535 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filters, (typed) => {
      const { filter } = parseFilter(formatFilter(typed));
      expect(filter).toMatchObject({ ...typed, ...(typed.peer === undefined ? {} : { peer: expect.any(String) }) });
      expect(parseFilter(formatFilter(filter ?? {}))).toEqual({ filter, error: '' });
    }),
  );
});
