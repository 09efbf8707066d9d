// What others do to a run: somebody between agents and collectors who answers in a collector's place, and guests of a collector who hold
// sockets or tell it hostile names.
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPORT_PATH } from '../../agent/contract/batch-envelope.ts';
import { flood } from '../agent/uplink/foreign/cases.ts';
import type { Dice } from './dice.ts';
import type { ForeignAnswer } from './schedule.ts';

const BODIES: Record<ForeignAnswer['body'], string> = {
  page: '<!doctype html><title>Sign in to the guest network</title><form method=post></form>',
  nothing: '',
  json: '{"ok":true,"stored":true,"rows":10,"error":"denied"}',
  refusal: '{"code":"kind_mismatch","message":"row 0 is not a retransmit row"}',
};

/** An answer that no collector gave. */
export function answerForeign(response: ServerResponse, { status, body, retry_after, ends }: ForeignAnswer): void {
  const headers = retry_after === '' ? {} : { 'retry-after': retry_after };
  if (ends) {
    response.writeHead(status, headers).end(BODIES[body]);
    return;
  }
  const { socket } = response;
  if (socket) flood(socket, `HTTP/1.1 ${status} Whatever\r\n\r\n`, BODIES.page.repeat(500));
}

/** Sockets that announce as much as a batch may have: some send nothing of it, others nearly all. */
export async function holdSockets(url: string, count: number, ms: number): Promise<void> {
  const { hostname, port, host } = new URL(url);
  const length = 1024 * 1024;
  const sockets = Array.from({ length: count }, (_, index): Socket => {
    const path = index % 3 === 0 ? REPORT_PATH : '/v1/rows';
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.resume();
    socket.write(`POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`);
    if (index % 2 === 0) socket.write(Buffer.alloc(length - 1, 'x'));
    return socket;
  });
  await sleep(ms);
  for (const socket of sockets) socket.destroy();
}

/** A collector stores what it can of a report, refuses the rest by its name, or says that it cannot now. */
const MAY_SAY: ReadonlySet<number> = new Set([200, 422, 429, 503]);
const AT_ONCE = 50;

/** Reports of so many hosts that no run has, each with names that a user of one could choose. @throws Error at another answer */
export async function tellNames(url: string, dice: Dice, hosts: number): Promise<void> {
  const reports = Array.from({ length: hosts }, (_, index) => hostileReport(dice, index));
  for (let from = 0; from < hosts; from += AT_ONCE) {
    const some = reports.slice(from, from + AT_ONCE);
    await Promise.all(some.map((report) => tell(url, report)));
  }
}

async function tell(url: string, report: object): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(report) };
  const response = await fetch(url + REPORT_PATH, init);
  const said = await response.text();
  if (!MAY_SAY.has(response.status)) throw new Error(`a report with hostile names was answered ${response.status} ${said}`);
}

const TEXTS = [
  '\ud83d',
  `${'x'.repeat(1023)}\ud83d\ude00`,
  'a\0b',
  '\u202e\u2066\u009b2J\u001b[31m',
  `e${'\u0301'.repeat(1000)}`,
  "'; --",
  '',
];
const NUMBERS = [1e21, -1, 0.5, 2 ** 53, 0];
const IDS = ['007', '18446744073709551616', '0', '-1', 'x'];

function hostileReport(dice: Dice, index: number): object {
  const [text, number, id] = [() => dice.pick(TEXTS), () => dice.pick(NUMBERS), () => dice.pick(IDS)];
  const process = () => ({ pid: number(), started_at_ms: number(), name: text(), command: text(), cgroup_id: id() });
  const cgroup = () => ({ cgroup_id: id(), path: text(), container_id: text(), pod_uid: text(), unit: text() });
  const some = <Part>(part: () => Part) => Array.from({ length: dice.between(0, 3) }, part);
  return {
    host_id: (0xbad_0000_0000n + BigInt(index)).toString(16).padStart(16, '0'),
    epoch: '00000000000000e1',
    at_ms: Date.now(),
    host: { name: text(), machine: text(), kernel: text(), agent_version: text() },
    processes: some(process),
    cgroups: some(cgroup),
    netns: some(() => ({ netns: id(), inode: number(), name: text() })),
    hooks: some(() => ({ name: text(), attached: false, reason: text() })),
    interval_ms: 1000,
    accounting: [],
  };
}
