// What a recording of an investigation gives to whoever judges it: the verdict of the rows that went in, and of what is damaged, cut short,
// foreign or newer an error that says what to do, and no verdict.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeJson, PREFIX_BYTES, SORT } from '../../../agent/recording/format.ts';
import { investigationIn } from '../../../agent/recording/investigation.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { claimsOf } from '../../../agent/verdict/claims.ts';
import { EVIDENCE_KINDS, type Evidence, noEvidence } from '../../../agent/verdict/evidence.ts';
import { findInSteps } from '../../../agent/verdict/found.ts';
import { atOnce } from '../../../agent/verdict/joined.ts';
import { judgeRecorded, rowsIn, toldIn } from '../../../server/investigations/recorded.ts';
import type { Told } from '../../../server/investigations/recording.ts';
import { verdictOf } from '../../../server/investigations/verdict.ts';
import { header } from '../../agent/recording/made.ts';
import { Journey } from '../../agent/verdict/path.ts';
import { randomOf } from '../../investigations/judged.ts';
import { runCommand } from '../../support/run-command.ts';
import { tries } from '../../support/tries.ts';
import { ordered, recorded, TOLD } from '../support/recorded-file.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-recorded-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
const fileOf = (bytes: Uint8Array): string => {
  const file = join(directory, 'one.tcplens');
  writeFileSync(file, bytes);
  return file;
};

const PATH = { lost_out: 0.1, lost_back: 0.1, late: 0.1, twice: 0.05, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };

test('the verdict is that of the rows that went in, of all or of the first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(20_000, 40), async (seed, judged_max) => {
      const evidence = ordered(new Journey(PATH, randomOf(seed), 3, 60).evidence);
      const recording = new Recording(fileOf(await recorded(evidence, { ...TOLD, judged_max })));
      const judging = judgeRecorded(recording, toldIn(recording, investigationIn(recording).told));
      const times = [...rowsIn(recording)].flat().map(({ time_ns }) => time_ns);
      recording.close();
      const judged_of = Object.fromEntries(
        EVIDENCE_KINDS.map((kind) => [kind, evidence[kind].slice(0, judged_max)]),
      ) as unknown as Evidence;
      const found = atOnce(findInSteps(judged_of));
      const { judged, stacks } = found;
      const cut = EVIDENCE_KINDS.filter((kind) => evidence[kind].length > judged_max);
      expect(verdictOf(judging)).toEqual(verdictOf({ evidence: judged_of, judged, claims: claimsOf(found), stacks, cut, rows: TOLD.rows }));
      expect(times).toEqual(
        EVIDENCE_KINDS.flatMap((kind) => evidence[kind].map(({ time_ns }) => time_ns)).toSorted((a, b) => Number(a - b)),
      );
    }),
    tries(20),
  );
});

const SOUND = await recorded(ordered(new Journey(PATH, randomOf(7), 3, 60).evidence));
const edited = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(SOUND);
  change(bytes);
  return bytes;
};
const newer = await recorded(noEvidence(), { ...TOLD, later: 1 } as Told);

test.each([
  { it: 'no recording', bytes: Buffer.from('{"kind":"packet"}\n{"kind":"packet"}\n'), said: /is no recording/ },
  {
    it: 'one of no investigation',
    bytes: Buffer.concat([header(), encodeJson(SORT.end, 0, { length_ms: 0, kinds: {} })]),
    said: /is of no investigation: "tcplens replay" /,
  },
  { it: 'one that is cut within a frame', bytes: SOUND.subarray(0, -5), said: /is cut short at byte \d+, .*copy or download it again/ },
  { it: 'one that is cut after its header', bytes: SOUND.subarray(0, PREFIX_BYTES + 40), said: /ends within its header/ },
  {
    it: 'one with a flipped bit',
    bytes: edited((bytes) => bytes.writeUInt8((bytes.at(-30) ?? 0) ^ 4, bytes.length - 30)),
    said: /is damaged at byte \d+/,
  },
  { it: 'one of a newer format', bytes: edited((bytes) => bytes.writeUInt16LE(9, 8)), said: /format 9, .*use a newer tcplens/ },
  { it: 'one of a newer tcplens that says more', bytes: newer, said: /is not readable, it was made by tcplens .*use that tcplens/ },
])('$it: an error that says what to do, and no verdict', ({ bytes, said }) => {
  const { code, stdout, stderr } = runCommand('./tcplens', ['investigate', '--replay', fileOf(bytes)]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(said);
});

test.each([
  { args: ['port = 1'], said: /leave the filter out/ },
  { args: ['--for', '1m'], said: /--for .* not for --replay/ },
  { args: ['--recording', 'other'], said: /--recording .* not for --replay/ },
])('--replay with $args is refused', ({ args, said }) => {
  const { code, stderr } = runCommand('./tcplens', ['investigate', '--replay', fileOf(SOUND), ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(said);
});

test('it is not copied: rows of several hosts would become those of one', () => {
  const { code, stderr } = runCommand('./tcplens', ['record', join(directory, 'copy.tcplens'), '--replay', fileOf(SOUND)]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/several hosts/);
});

test('a recording of before there were stacks of processes says that it has none', async () => {
  const { user_stacks: _, ...investigation } = TOLD.investigation;
  const recording = new Recording(fileOf(await recorded(noEvidence(), { ...TOLD, investigation } as Told)));
  expect(toldIn(recording, investigationIn(recording).told)).toEqual(TOLD);
  recording.close();
});
