// A small recording made by hand, for commands that need a source but no kernel.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, encodeHeader } from '../../agent/recording/format.ts';
import { CLASS, EVENT, type Kind, ROLE, STATE } from '../../bpf/rows.gen.ts';
import { type RowValues, rowBytes } from '../support/row-bytes.ts';

const FRAME_ROWS = 1000;
const STARTED_NS = 1_700_000_000_000_000_000n;

/** What the recording holds, with a comm that would colour a terminal. */
export const RECORDED: readonly (readonly [Kind, RowValues])[] = [
  [
    'retransmit',
    {
      connection_id: 9_007_199_254_740_993n,
      pid: 42,
      comm: 'a\u001b[31mb',
      segments: 3,
      bytes: 4344,
      class: CLASS.indexOf('rto'),
      ...ends(),
    },
  ],
  [
    'connection',
    { connection_id: 2, comm: 'curl', event: EVENT.indexOf('open'), connect_us: 1234, role: ROLE.indexOf('client'), ...ends() },
  ],
  ['state_change', { connection_id: 2, old_state: STATE.indexOf('syn_sent'), new_state: STATE.indexOf('established'), ...ends() }],
  [
    'sample',
    {
      connection_id: 2,
      srtt_us: 1500,
      bytes_sent: 2048,
      local_addr: '20010db8000000000000000000000001',
      peer_addr: '20010db8000000000000000000000002',
    },
  ],
];

function ends() {
  return { local_addr: '10.0.0.1', peer_addr: '10.0.0.2', local_port: 50_000, peer_port: 443 };
}

/** Writes the recording, each row `copies` times; returns the file's path. */
export function writeRecording(copies = 1): string {
  const frames = RECORDED.flatMap(([kind, values], index) => {
    const row = rowBytes(kind, { time_ns: STARTED_NS + BigInt(index) * 1_000_000n, host_id: 1, ...values });
    const frame = (rows: number) => encodeFrame({ kind, offset_ms: index, rows: Buffer.concat(Array.from({ length: rows }, () => row)) });
    const whole = Array.from({ length: Math.floor(copies / FRAME_ROWS) }, () => frame(FRAME_ROWS));
    return copies % FRAME_ROWS === 0 ? whole : [...whole, frame(copies % FRAME_ROWS)];
  });
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'recording');
  writeFileSync(file, Buffer.concat([encodeHeader(1n, '6.0-test', STARTED_NS), ...frames]));
  return file;
}
