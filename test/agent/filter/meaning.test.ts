// What expressions mean, case by case, as a person would decide it; asked of the tree and of the kernel's program.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseFilter } from '../../../agent/filter/parse.ts';
import { RecordedNames } from '../../../agent/filter/recorded.ts';
import { CA_STATE, CLASS, DIRECTION, END_REASON, EVENT, type Kind, MEANING, OUTCOME, ROLE, STATE } from '../../../bpf/rows/rows.gen.ts';
import { type KernelFilter, kernelFilter } from '../../support/kernel-filter.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { missingCommand } from '../../support/run-command.ts';
import { byKernel, byTree, type Row } from './evaluators.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-meaning-'));
const missing = missingCommand(['gcc']);
const kernel: KernelFilter | undefined = missing === undefined ? kernelFilter(directory) : undefined;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const made = (kind: Kind, values: RowValues): Row => ({ kind, row: rowBytes(kind, { uid: 0xffffffff, ...values }) });

const web = {
  local_addr: '10.1.2.3',
  peer_addr: '192.0.2.7',
  local_port: 443,
  peer_port: 50_000,
  pid: 42,
  uid: 33,
  comm: 'nginx',
  cgroup_id: 77,
  netns: 5,
  srtt_us: 100_000,
  role: ROLE.indexOf('server'),
  state: STATE.indexOf('established'),
};

const ROWS = {
  rto: made('retransmit', { ...web, class: CLASS.indexOf('rto'), outcome: OUTCOME.indexOf('sent'), ca_state: CA_STATE.indexOf('loss') }),
  /** a SYN-ACK: no socket yet, and little is known */
  unknown: made('retransmit', { class: CLASS.indexOf('syn_ack'), local_addr: '10.1.2.3', peer_addr: '192.0.2.8' }),
  refused: made('connection', {
    local_addr: '20010db8000000000000000000000001',
    peer_addr: '20010db8000000000000000000000002',
    local_port: 40_000,
    peer_port: 8080,
    comm: 'nginx-proxy',
    event: EVENT.indexOf('failed'),
    end_reason: END_REASON.indexOf('refused'),
  }),
  closing: made('state_change', { ...web, old_state: STATE.indexOf('established'), new_state: STATE.indexOf('close_wait') }),
  reset: made('reset', { ...web, direction: DIRECTION.indexOf('sent'), reason_code: 2, reason: 'tcp_abort_on_close' }),
  drop: made('drop', {
    ...web,
    direction: DIRECTION.indexOf('received'),
    meaning: MEANING.indexOf('refused'),
    reason_code: 1,
    reason: 'netfilter_drop',
  }),
  recovery: made('congestion', { ...web, old_ca_state: CA_STATE.indexOf('open'), new_ca_state: CA_STATE.indexOf('recovery') }),
  listener: made('listener', { local_addr: '0.0.0.0', local_port: 443, comm: 'nginx', state: STATE.indexOf('listen') }),
} as const;
type Name = keyof typeof ROWS;

const names = new RecordedNames();
for (const reason of ['netfilter_drop', 'tcp_abort_on_close']) names.reason('drop', reason);

function check(expression: string, ...wanted: Name[]): void {
  test(expression, (context) => {
    const filter = parseFilter(expression, names);
    const rows = Object.values(ROWS);
    const matching = (answers: boolean[]) => Object.keys(ROWS).filter((_, index) => answers[index]);
    expect(matching(byTree(filter, names, rows))).toEqual(wanted);
    if (kernel === undefined) return context.skip(`${missing} is not installed: the kernel's evaluation was not compared`);
    expect(matching(byKernel(kernel, filter, rows))).toEqual(wanted);
  });
}

check('kind = drop', 'drop');
check('kind in (drop, reset)', 'reset', 'drop');
check('kind != drop and kind not in (retransmit, listener, connection)', 'closing', 'reset', 'recovery');

check('peer = 192.0.2.7', 'rto', 'closing', 'reset', 'drop', 'recovery');
check('peer in 192.0.2.0/29', 'rto', 'closing', 'reset', 'drop', 'recovery');
check('peer in 192.0.2.0/24', 'rto', 'unknown', 'closing', 'reset', 'drop', 'recovery');
check('peer in 192.0.2.8-192.0.2.9', 'unknown');
check('peer = ::ffff:192.0.2.8', 'unknown');
check('peer in (192.0.2.8, 2001:db8::/32)', 'unknown', 'refused');
check('peer in 0.0.0.0/0 and kind = connection or local = 0.0.0.0', 'listener');
check('peer not in 192.0.2.0/24', 'refused');
check('not peer in 192.0.2.0/24', 'refused', 'listener');
check('local in 10.0.0.0/8 and peer != 192.0.2.7', 'unknown');
check('addr = 2001:db8::2', 'refused');
check('addr != 2001:db8::2 and kind = connection');
check('family = ipv6', 'refused');
check('family != ipv6 and family = ipv4 and kind = listener', 'listener');

check('port = 443', 'rto', 'closing', 'reset', 'drop', 'recovery', 'listener');
check('port = 50000', 'rto', 'closing', 'reset', 'drop', 'recovery');
check('port != 443', 'refused');
check('local_port = 443 and kind = listener', 'listener');
check('peer_port = 443');
check('port in 8000-9000', 'refused');
check('port in (8080, 443) and kind in (connection, listener)', 'refused', 'listener');
check('peer_port > 50000');
check('peer_port >= 50000 and peer_port < 50001 and kind = drop', 'drop');

check('process = nginx', 'rto', 'closing', 'reset', 'drop', 'recovery', 'listener');
check('process = "nginx*" and kind in (connection, listener)', 'refused', 'listener');
check('process != nginx', 'refused');
check('process = *', 'rto', 'refused', 'closing', 'reset', 'drop', 'recovery', 'listener');
check('not process = *', 'unknown');
check('pid = 42 and uid = 33 and kind = reset', 'reset');
check('pid != 1 and kind = retransmit', 'rto');
check('uid != 0 and kind = retransmit', 'rto');
check('uid < 1000 and cgroup = 77 and netns = 5 and kind = retransmit', 'rto');
check('role = server and state = established and kind = drop', 'drop');
check('role = unknown and kind = connection', 'refused');

check('srtt >= 100ms and kind = retransmit', 'rto');
check('srtt > 100ms');
check('srtt < 1s and kind = retransmit', 'rto');
check('srtt = 0.1s and srtt in 99ms-100000us and kind = reset', 'reset');
check('not srtt > 100ms and kind in (retransmit, listener)', 'rto', 'unknown', 'listener');

check('class in (rto, fast)', 'rto');
check('class != rto', 'unknown');
check('not class = rto and kind in (retransmit, drop)', 'unknown', 'drop');
check('outcome = sent and ca_state = loss', 'rto');
check('event = failed and end_reason in (refused, timeout)', 'refused');
check('old_state = established and new_state != established', 'closing');
check('old_ca_state = open and new_ca_state in (recovery, loss)', 'recovery');
check('direction = sent', 'reset');
check('meaning = lost');
check('meaning != lost', 'drop');
check('meaning in (lost, refused) and process = nginx', 'drop');
check('reason = netfilter_drop', 'drop');
check('reason != netfilter_drop', 'reset');
check('reason in (netfilter_drop, tcp_abort_on_close) and direction = received', 'drop');

check('kind = drop or kind = reset and direction = received', 'drop');
check('(kind = drop or kind = reset) and direction = received', 'drop');
check('not (kind = drop or port = 443)', 'unknown', 'refused');
check('not not kind = drop', 'drop');
check('not kind = drop and not kind = reset and port = 443 and not class = rto', 'closing', 'recovery', 'listener');
