// What a person reads on the page after a scenario, by its id: the figure in plain words, and whose doing it is.
import { expect } from 'vitest';
import type { Page, Pages } from './page.ts';
import type { Seen } from './scenario.ts';
import { counted, segments, unattributed } from './views.ts';

type Says = (pages: Pages, seen: Seen) => void;

/** Nothing was lost, and what was sent again is called by its name. */
const noLoss =
  (what: RegExp): Says =>
  ({ client }) => {
    expect([client.severity.retransmit_ratio, client.words.retransmit_ratio]).toEqual(['ok', expect.stringMatching(what)]);
    expect(client.overview.tiles.retransmit_ratio).toBe(0);
  };

const findings = ({ stories }: Page) => stories.flatMap((story) => story.findings);

/** Loss is named as such, and nobody else is blamed for it. */
const loss: Says = (pages) => {
  lossAnywhere(pages);
  expect(findings(pages.client).filter(({ whose }) => whose === 'the peer')).toEqual([]);
};

/** Where the peer's own firewall is what loses, its host says so. */
const lossAtThePeer: Says = (pages) => {
  lossAnywhere(pages);
  expect(findings(pages.client).filter(({ whose }) => whose === 'the peer')).toEqual([
    {
      whose: 'the peer',
      words: expect.stringMatching(/is watched too: it dropped [\d .k]+ packets of it itself, not the network: its firewall/),
    },
  ]);
};

const lossAnywhere = ({ client }: Pages): void => {
  const { tiles } = client.overview;
  expect(client.edges[0]?.retransmit_ratio).toBe(tiles.retransmit_ratio);
  const named = findings(client).filter(({ words }) => /data segments \(.*\) were lost/.test(words));
  expect(named).toEqual([
    {
      whose: 'the path',
      words: expect.stringMatching(/^[\d .k]+ of [\d .k]+ data segments .* lost on the way or at the peer’s host.*, by class /),
    },
  ]);
};

/** The kernel's own count; not all of its probes send again what was sent. */
const ratioOfTheKernel: Says = ({ client }, { client: near, carried }) => {
  const resent = near.nstat['TcpRetransSegs'] ?? 0;
  const sent = carried.out['data'] ?? 0;
  const ratio = client.overview.tiles.retransmit_ratio ?? 0;
  expect(client.overview.tiles.data_segs_out).toBe(sent);
  expect(ratio * sent).toBeLessThanOrEqual(resent + 1e-9);
  expect(ratio * sent).toBeGreaterThanOrEqual(resent - (near.nstat['TcpExtTCPLossProbes'] ?? 0) - unattributed(near) - 1e-9);
};

export const sentences: Readonly<Record<string, Says>> = {
  W10: (pages, seen) => {
    ratioOfTheKernel(pages, seen);
    loss(pages, seen);
  },
  W14: (pages, seen) => {
    ratioOfTheKernel(pages, seen);
    loss(pages, seen);
    expect(pages.client.words.retransmit_ratio).toMatch(/^high: transfers stall/);
  },
  D1b: loss,
  D1c: loss,
  D6: lossAtThePeer,
  D2: noLoss(/^no data lost; .*: 1 tail probe$/),
  D2b: noLoss(/^no data lost; .*: 1 tail probe$/),
  D3: noLoss(/^no data lost; .*: 1 not needed$/),
  D3b: noLoss(/^no data lost; .*: 1 not needed$/),
  D3c: noLoss(/^no data lost; .*: 1 not needed$/),
  D3d: noLoss(/^nothing sent twice$/),
  D7: ({ client }) => {
    expect(client.words.retransmit_ratio).toMatch(/not needed/);
    expect(client.severity.retransmit_ratio).not.toBe('bad');
  },
  B10: ({ client }) => {
    expect(['ok', 'none']).toContain(client.severity.retransmit_ratio);
    expect(findings(client)).toContainEqual({ whose: 'the peer', words: expect.stringMatching(/^Its receive window was full for/) });
  },
  W16: noLoss(/^no data lost; .*FIN/),
  W16b: ({ client }, { client: near }) => {
    const syns = segments(counted(near), 'syn');
    expect(client.words.syn_ratio).toMatch(new RegExp(`^${syns} SYNs or SYN-ACKs resent: lost or filtered`));
    expect(client.severity.syn_ratio).toBe('bad');
    expect([client.severity.retransmit_ratio, client.words.retransmit_ratio]).toEqual([
      'ok',
      expect.stringMatching(/^no data lost; .* SYNs$/),
    ]);
  },
  W16c: noLoss(/^no data lost; .*tail probe/),
  A5: ({ client, server }) => {
    expect(client.words.retransmit_ratio).toMatch(/^no data sent; .*SYN/);
    expect(client.words.syn_ratio).toMatch(/SYNs or SYN-ACKs resent: .*a full accept queue/);
    expect(server.words.accept_overflows).toBe('a full queue turned connections away');
    expect(server.overview.tiles.accept_overflows).toBe(8);
  },
};
