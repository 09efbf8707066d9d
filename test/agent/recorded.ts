// A small recording made by hand, for commands that need a source but no kernel.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachKind, noneCounted } from '../../agent/accounts/ledger.ts';
import { RecordingWriter } from '../../agent/recording/write.ts';
import { CA_STATE, CLASS, DIRECTION, EVENT, KIND, type Kind, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
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
  ['reset', { connection_id: 2, direction: DIRECTION.indexOf('sent'), reason: 'no_socket', ...ends() }],
  ['congestion', { connection_id: 2, old_ca_state: CA_STATE.indexOf('open'), new_ca_state: CA_STATE.indexOf('recovery'), ...ends() }],
  ['drop', { direction: DIRECTION.indexOf('received'), reason: 'netfilter_drop', ...ends() }],
  ['listener', { connection_id: 3, state: STATE.indexOf('listen'), accept_queue: 1, accept_queue_limit: 128, ...ends() }],
  ['namespace', { netns: 1, retrans_segs: 3 }],
  ['progress', { connection_id: 2, seq: 1001, end_seq: 2449, ack: 501, rcv_nxt: 1001, segments: 1, tcp_flags: 0x10, ...ends() }],
  [
    'packet',
    {
      connection_id: 2,
      seq: 1001,
      ack: 501,
      length: 1448,
      segments: 1,
      tcp_flags: 0x10,
      direction: DIRECTION.indexOf('received'),
      ...ends(),
    },
  ],
  [
    'stack',
    { connection_id: 2, about: KIND.indexOf('drop'), about_reason: 'netfilter_drop', stack: 'nft_do_chain nf_hook_slow', ...ends() },
  ],
];

function ends() {
  return { local_addr: '10.0.0.1', peer_addr: '10.0.0.2', local_port: 50_000, peer_port: 443 };
}

/** A header that says nothing of interest. */
export const HEADER = {
  tcplens: '0.0.0-test',
  kernel: '6.0',
  started_ns: String(STARTED_NS),
  interval_ms: 1000,
  anonymized: false,
  refused: [],
  absent: [],
};

/** Writes the recording, each row `copies` times; returns the file's path. */
export function writeRecording(copies = 1): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'recording');
  const writer = new RecordingWriter(file, { header: HEADER, force: false });
  for (const [index, [kind, values]] of RECORDED.entries()) {
    const row = rowBytes(kind, { time_ns: STARTED_NS + BigInt(index) * 1_000_000n, host_id: 1, ...values });
    for (let left = copies; left > 0; left -= FRAME_ROWS) {
      writer.addRows(kind, Buffer.concat(Array.from({ length: Math.min(left, FRAME_ROWS) }, () => row)), index);
    }
  }
  writer.end(
    eachKind(() => ({ ...noneCounted(), written: copies })),
    RECORDED.length,
  );
  return file;
}
