import { expect, test } from 'vitest';
import { type RetransmitFigures, retransmitWords } from '../../dashboards/retransmit-words.ts';

const NONE = { fast: 0, slow_start: 0, rto: 0, tlp: 0, syn: 0, syn_ack: 0, unknown: 0 };
const QUIET: RetransmitFigures = {
  lost: 0,
  sent: 10_000,
  resent: 0,
  byClass: NONE,
  spurious: 0,
  fins: 0,
  refused: 0,
  failed: 0,
  attempts: 0,
  drops: 0,
  reasons: [],
};

const cases: readonly (readonly [string, Partial<RetransmitFigures>, RegExp[], RegExp | undefined])[] = [
  ['nothing sent', { sent: 0 }, [/^none Nothing was sent\.$/], /loss/],
  [
    'only SYNs',
    { sent: 0, resent: 3, byClass: { ...NONE, syn: 3 } },
    [/^none No data was sent, so none was lost/, /3 SYNs and 0 SYN-ACKs/],
    /%/,
  ],
  ['nothing sent again', {}, [/^ok No loss: nothing of 10.000 data segments was sent again\.$/], undefined],
  [
    'loss',
    { lost: 300, resent: 300, byClass: { ...NONE, fast: 250, rto: 50 } },
    [/^bad Loss: 3\.00.%, 300 data segments were lost of 10.000 sent\.$/],
    /not needed|probe|network/,
  ],
  ['little loss', { lost: 1, resent: 1 }, [/^ok Loss: 0\.01.%, 1 data segment was lost/], undefined],
  ['few samples', { lost: 5, sent: 50, resent: 5 }, [/^none 5 data segments were lost of 50 sent: too few to judge, below 100\.$/], /%/],
  [
    'reordering alone',
    { resent: 40, spurious: 40, byClass: { ...NONE, fast: 40 } },
    [/^ok No loss: of 10.000 data segments none was lost/, /^none 40 segments sent again were not needed \(100.% of/],
    /\b(Loss:|network)/,
  ],
  [
    'more reordering than loss',
    { lost: 10, resent: 100, spurious: 90 },
    [/^ok Less loss than it looks like: 0\.10.%/, /^none 90 segments .* not needed \(90\.0.% of/],
    undefined,
  ],
  [
    'tail probes alone',
    { resent: 7, byClass: { ...NONE, tlp: 7 } },
    [/^ok No loss/, /^none 7 tail loss probes: .*no loss by itself/],
    /Loss/,
  ],
  ['FINs alone', { resent: 1, fins: 1, byClass: { ...NONE, rto: 1 } }, [/^ok No loss/, /^none 1 FIN without data/], undefined],
  [
    "the own host's",
    { refused: 2, failed: 1, drops: 9, reasons: [{ reason: 'QDISC_DROP', packets: 7 }] },
    [
      /^ok No loss/,
      /^warn 1 segment sent again did not get past this host: its queue, firewall or routing refused it/,
      /^warn 2 segments that TCP was to send again never left it/,
      /^warn 9 packets were dropped by the watched hosts themselves, most of them for QDISC_DROP/,
    ],
    /network/,
  ],
  ['too many rows to tell', { failed: null, attempts: null }, [/^ok No loss/], /did not get past/],
];
test.each(cases)('%s', (_name, figures, wanted, unwanted) => {
  const said = retransmitWords({ ...QUIET, ...figures }).map(({ severity, words }) => `${severity} ${words}`);
  expect(said).toEqual(wanted.map((words) => expect.stringMatching(words)));
  if (unwanted) expect(said.join(' ')).not.toMatch(unwanted);
});
