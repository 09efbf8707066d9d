// A fleet as people set it up: a collector with TLS, hosts in network namespaces of their own that join with the printed line, and real traffic
// between them; beside them a copied host, a revoked one, a stolen credential, a line that has ended, and a proxy that answers itself. What is
// stored is compared with what each host really did.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Identity } from '../../agent/enrolment/identity-file.ts';
import type { Agents } from '../../server/api/access.ts';
import { signServer } from '../../server/door/tls/certificates.ts';
import { countRows, withStore } from '../server/support/collector.ts';
import { isRoot } from '../support/filtered.ts';
import { type Host, type Lan, makeLan } from './lan.ts';
import { type Process, Processes } from './processes.ts';
import { changeSettings } from './settings.ts';

/** Hosts with an agent; one namespace more is for the copy, one for the thief. */
const HOSTS = Number(process.env['TCPLENS_FLEET_HOSTS'] ?? 6);
/** All of them watch one kernel: with many, sweeps a second apart would take all of this machine. */
const INTERVAL = HOSTS > 10 ? '10s' : '1s';
/** Agents that start at once. */
const TOGETHER = 4;
const PORT = 9000;
const COLLECTOR = 'https://10.78.0.1:8600';
const PROXY = 'https://10.78.0.1:8601';
/** Connections that a host makes to the next, in each round: a different number for each host. */
const made = (index: number) => 5 + index;
/** Rounds of traffic; the last one comes after a host was revoked. */
const ROUNDS = 3;

/** How often the collector is stopped at most, until one stop has finished all of its work. */
const STOPS_MAX = 3;

/** Whether the host is labelled env=prod, and not env=test. */
const isProd = (index: number) => index % 2 === 0;

/** What becomes of some of the hosts. The proxy hands on requests, and no control channel. */
const [BEHIND_PROXY, REVOKED, COPIED, ROBBED] = [0, 1, 2, 3];

let directory = '';
let lan: Lan;
let processes: Processes;
let collector: Process;
const agents: Process[] = [];
let talkers: Process[] = [];

const data = () => join(directory, 'data');
const stateOf = (name: string) => join(directory, name);
const identityOf = async (name: string) => JSON.parse(await readFile(join(stateOf(name), 'identity.json'), 'utf8')) as Identity;
const hostAt = (index: number): Host => lan.hosts[index] as Host;
const admin = (...args: string[]) => processes.run(lan.hub, 'admin', '--data', data(), ...args);

/** The join line that the README tells people to paste. */
async function line(...args: string[]): Promise<string> {
  const [, printed = ''] = /--join '([^']+)'/.exec(await admin('enrol', ...args)) ?? [];
  return printed;
}

function startAgent(host: Host, state: string, ...args: string[]): Process {
  const own = [
    '--state-dir',
    stateOf(state),
    '--own-netns',
    '--metrics',
    'none',
    '--interval',
    INTERVAL,
    '--ring-bytes',
    '1MiB',
    '--cpu-budget',
    '100%',
  ];
  return processes.tcplens(host, 'agent', ...own, ...args);
}

async function talkOnce(): Promise<void> {
  for (const [index, talker] of talkers.entries()) {
    const before = talker.said().split('done').length;
    talker.child.stdin?.write('go\n');
    await talker.until(new RegExp(`(done[^]*){${before}}`));
    if (index % TOGETHER === 0) await Promise.resolve();
  }
}

async function startCollector(): Promise<void> {
  collector = processes.tcplens(lan.hub, 'serve', '--data', data(), '--listen', '10.78.0.1:8600');
  await collector.until(/"msg":"ready"/);
}

/**
 * Stops the collector. On a busy machine it leaves in its log what does not end in time, and says so by its exit code: then it is started
 * and stopped again.
 */
async function stopCollector(): Promise<void> {
  const codes = [await collector.stop()];
  while (codes.at(-1) === 1 && codes.length < STOPS_MAX) {
    await startCollector();
    codes.push(await collector.stop());
  }
  expect(codes.at(-1), codes.join()).toBe(0);
}

beforeAll(async () => {
  if (!isRoot) return;
  directory = await mkdtemp(join(tmpdir(), 'tcplens-fleet-'));
  lan = makeLan(HOSTS + 2);
  processes = new Processes(lan);
  await startCollector();
});
afterAll(async () => {
  processes?.close();
  lan?.close();
  await rm(directory, { recursive: true, force: true });
});

test.skipIf(!isRoot)(`${HOSTS} hosts join, are copied, revoked and robbed, and nothing of one is stored under another`, async () => {
  await startAll();
  const identities = await Promise.all(agents.map((_, index) => identityOf(`host-${index}`)));
  const ids = identities.map(({ host_id = '' }) => host_id);
  expect(new Set(ids).size).toBe(HOSTS);
  talkers = lan.hosts.slice(0, HOSTS).map((host, index) => {
    const next = hostAt((index + 1) % HOSTS).address;
    return processes.start(host, process.execPath, [
      '--disable-warning=ExperimentalWarning',
      'test/fleet/talk.ts',
      String(PORT),
      next,
      String(made(index)),
    ]);
  });
  for (const talker of talkers) await talker.until(/listening/);
  await talkOnce();
  const isSteered = (_: unknown, index: number) => isProd(index) && index !== BEHIND_PROXY;
  await changeSettings({
    admin,
    prod: ids.filter(isSteered),
    others: ids.filter((_, index) => !isProd(index)),
    logs: () => agents.filter(isSteered).map((agent) => agent.said()),
    talk: talkOnce,
  });
  await steal(identities[ROBBED as number] as Identity);
  const copy = await copyHost();
  await revoke(ids[REVOKED as number] ?? '');
  await talkOnce();
  for (const talker of talkers) talker.child.stdin?.end();
  expect(await Promise.all([...agents, copy].map((agent) => agent.stop()))).toEqual(new Array(HOSTS + 1).fill(0));
  for (const [index, { host_id = '' }] of identities.entries()) if (index !== REVOKED) await sendRest(index, host_id);
  const listed = JSON.parse(await admin('agents', '--json')) as Agents;
  expect(listed.agents).toHaveLength(HOSTS + 1);
  await endedLine();
  await stopCollector();
  const { host_id: copied = '' } = await identityOf('copy');
  expect(ids).not.toContain(copied);
  await compare(ids, copied);
});

async function startAll(): Promise<void> {
  const uses = ['--uses', String(HOSTS)];
  const [prod, other] = [await line('--label', 'env=prod', ...uses), await line('--label', 'env=test', ...uses)];
  expect(prod).toMatch(/^https:\/\/10\.78\.0\.1:8600#/);
  await startProxy();
  for (let from = 0; from < HOSTS; from += TOGETHER) {
    const some = lan.hosts.slice(from, Math.min(HOSTS, from + TOGETHER)).map((host, offset) => {
      const index = from + offset;
      return startAgent(
        host,
        `host-${index}`,
        '--join',
        isProd(index) ? prod : other,
        '--collector',
        index === BEHIND_PROXY ? PROXY : COLLECTOR,
      );
    });
    for (const agent of some) await agent.until(/"msg":"watching"/);
    agents.push(...some);
  }
}

async function startProxy(): Promise<void> {
  const pem = await readFile(join(data(), 'tls', 'ca.pem'), 'utf8');
  const [key = '', certificate = ''] = pem.split(/(?=-----BEGIN CERTIFICATE-----)/);
  const pair = await signServer({ key, certificate }, ['10.78.0.1'], 10, Date.now());
  const file = join(directory, 'proxy.pem');
  await writeFile(file, `${pair.key}\n${pair.certificate}\n${certificate}`);
  const args = ['--disable-warning=ExperimentalWarning', 'test/fleet/moody-proxy.ts', '10.78.0.1', '8601', COLLECTOR, file];
  await processes.start(lan.hub, process.execPath, args).until(/listening/);
}

/** Another machine has a host's credential, and nothing else of it. */
async function steal({ host_id = '', secret }: Identity): Promise<void> {
  const request = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
for (const place of ['', '${'0'.repeat(64)}']) {
  const answer = await fetch('${COLLECTOR}/v1/report', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', authorization: 'Bearer tcplens-agent.${host_id}.${secret}', 'tcplens-place': place } });
  console.log(answer.status, (await answer.json()).code);
}`;
  const thief = processes.start(hostAt(HOSTS + 1), process.execPath, ['--input-type=module', '-e', request]);
  const said = await thief.until(/(\d+ \w+\n){2}/);
  expect(said.match(/\d+ \w+$/gm)).toEqual(['409 identity_in_use', '409 identity_in_use']);
}

/** A machine's image is started a second time. */
async function copyHost(): Promise<Process> {
  await cp(stateOf(`host-${COPIED}`), stateOf('copy'), { recursive: true });
  const copy = startAgent(hostAt(HOSTS), 'copy');
  await copy.until(/"msg":"watching"/);
  expect(copy.said()).toMatch(/copy of another host/);
  return copy;
}

async function revoke(host_id: string): Promise<void> {
  await admin('agents', 'revoke', host_id);
  await agents[REVOKED as number]?.until(/credential_revoked/);
}

/** Runs the agent once more, to send what its last run left in the spool; now past the proxy. */
async function sendRest(index: number, host_id: string): Promise<void> {
  const spool = join(stateOf(`host-${index}`), `agent-${host_id}`);
  while ((await readdir(spool)).some((name) => name.endsWith('.batches'))) {
    const agent = startAgent(hostAt(index), `host-${index}`, '--collector', COLLECTOR);
    await agent.until(/"msg":"watching"/);
    expect(await agent.stop()).toBe(0);
  }
}

async function endedLine(): Promise<void> {
  const text = await line('--for', '1s');
  const late = startAgent(hostAt(HOSTS + 1), 'late', '--join', text.replace(/#(.{16})/, `#${'0'.repeat(16)}`));
  await late.until(/enrolment_refused/).catch((error: Error) => expect(error.message).toMatch(/enrolment_refused/));
}

type Stored = { host: string; addresses: string[]; client: number; server: number; rows: number };

async function compare(ids: readonly string[], copied: string): Promise<void> {
  const { stored, accounts, audited } = await withStore(data(), async (store) => ({
    stored: await store.query<Stored>(
      `SELECT lower(leftPad(hex(host_id), 16, '0')) AS host, arraySort(groupUniqArray(toString(local_addr))) AS addresses,
countIf(event = 'close' AND role = 'client' AND peer_port = ${PORT}) AS client, countIf(event = 'close' AND role = 'server' AND local_port = ${PORT}) AS server,
count() AS rows FROM connection FINAL GROUP BY host LIMIT 1000`,
      {},
      1000,
    ),
    accounts: await store.query<{ host: string; outcome: string; rows: number }>(
      `SELECT lower(leftPad(hex(host_id), 16, '0')) AS host, outcome, sum(n) AS rows FROM
(SELECT host_id, outcome, minute, epoch, max(rows) AS n FROM accounting WHERE kind = 'connection' GROUP BY host_id, outcome, minute, epoch)
GROUP BY host, outcome LIMIT 10000`,
      {},
      10_000,
    ),
    audited: await countRows(store, 'audit'),
  }));
  const of = new Map(stored.map((one) => [one.host, one]));
  for (const [index, id] of ids.entries()) {
    const found = of.get(id);
    // No row of a host has another one's address.
    expect({ id, addresses: found?.addresses.filter((address) => !isOwn(address, hostAt(index))) }).toEqual({ id, addresses: [] });
    if (index === REVOKED) continue;
    const before = (index + HOSTS - 1) % HOSTS;
    const rowsOf = (outcome: string) => accounts.find((one) => one.host === id && one.outcome === outcome)?.rows ?? 0;
    // On a busy machine the kernel may hide a connection from every program: the account says how many, and no more than those may be
    // missing.
    const missed = rowsOf('missed');
    const lacking = ROUNDS * (made(index) + made(before)) - (found?.client ?? 0) - (found?.server ?? 0);
    expect({ index, isAllThere: lacking >= 0 && lacking <= missed, lacking, missed }).toMatchObject({ index, isAllThere: true });
    expect({ index, sent: rowsOf('sent'), seen: rowsOf('seen') }).toEqual({ index, sent: found?.rows, seen: (found?.rows ?? 0) + missed });
    const outcomes = new Set(accounts.filter(({ host }) => host === id).map(({ outcome }) => outcome));
    expect([...outcomes].filter((outcome) => !['seen', 'sent', 'missed'].includes(outcome))).toEqual([]);
  }
  const ofRevoked = of.get(ids[REVOKED as number] ?? '');
  expect(ofRevoked?.client).toBeLessThanOrEqual((ROUNDS - 1) * made(REVOKED as number));
  expect(ofRevoked?.rows).toBeGreaterThan(0);
  // What the revoked host has seen since then waits on its disk.
  expect(await readdir(join(stateOf(`host-${REVOKED}`), `agent-${ids[REVOKED as number]}`))).not.toEqual([]);
  expect((of.get(copied)?.addresses ?? []).filter((address) => !isOwn(address, hostAt(HOSTS)))).toEqual([]);
  expect([...of.keys()].filter((host) => !ids.includes(host) && host !== copied)).toEqual([]);
  expect(audited).toBeGreaterThanOrEqual(HOSTS + 3);
}

/** Whether an address, as the table has it (IPv4 mapped), is the host's own. */
function isOwn(address: string, { address: own }: Host): boolean {
  return address === `::ffff:${own}` || address === own || /^(::|::1|::ffff:127\.0\.0\.1|::ffff:0\.0\.0\.0)$/.test(address);
}
