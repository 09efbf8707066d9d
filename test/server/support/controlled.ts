// A collector with agents whose control channels are made by hand.
import { afterEach, beforeEach } from 'vitest';
import { WebSocket } from 'ws';
import { CONTROL_PATH, type FromAgent, type ToAgent, type WantedSettings } from '../../../agent/contract/control.ts';
import type { WantedInvestigation } from '../../../agent/contract/investigation.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { SettingsAnswer, SettingsChange } from '../../../server/api/settings.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from './collector.ts';
import { ask, type Enrolled, enrol, joinWith, ownerOf, type Said } from './enrolled.ts';

export type Agent = {
  host: Enrolled;
  socket: WebSocket;
  told: WantedSettings[];
  told_ms: number[];
  /** the wanted investigations of each message that it got */
  wanted: (readonly WantedInvestigation[])[];
  closed: () => number | undefined;
  say: (message: object) => void;
};
type Hello = Extract<FromAgent, { type: 'hello' }>;
const INTERVAL = { name: 'interval', form: { form: 'duration', min: '10ms', max: '1h' }, help: 'x', applies: 'at once' };
const SHARE = { name: 'cpu-budget', form: { form: 'percent' }, help: 'x', applies: 'at once' };
export const PROD = { labels: { env: 'prod' }, hosts: [] };

/** Opens a channel and says hello. With `takes` it confirms each version of the settings that it is told. */
export async function channelTo(
  url: string,
  opened: WebSocket[],
  host: Enrolled,
  changes: Partial<Hello> = {},
  takes = true,
): Promise<Agent> {
  const socket = new WebSocket(url.replace(/^http/, 'ws') + CONTROL_PATH, { headers: host.headers, rejectUnauthorized: false });
  opened.push(socket);
  let closed: number | undefined;
  const say = (message: object) => socket.send(JSON.stringify(message));
  const agent: Agent = { host, socket, told: [], told_ms: [], wanted: [], closed: () => closed, say };
  socket.on('message', (data) => {
    const wanted = JSON.parse(String(data)) as ToAgent;
    if (wanted.type === 'investigations') return void agent.wanted.push(wanted.wanted);
    agent.told.push(wanted);
    agent.told_ms.push(performance.now());
    if (takes) say({ type: 'in_force', version: wanted.version, in_force: [] });
  });
  socket.on('close', (code) => {
    closed = code;
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('open', resolve).on('error', reject);
  await promise;
  say({ type: 'hello', host_id: host.host_id, agent_version: '0.1.0', known: [INTERVAL, SHARE], version: 0, in_force: [], ...changes });
  return agent;
}

/** The values of the settings that it was told last. */
export const valuesOf = ({ told }: Agent) => told.at(-1)?.values;

/** Starts a collector for each test of the file. */
export function useControlled() {
  let directory: TestDirectory;
  let collector: TestCollector;
  const channels: WebSocket[] = [];
  beforeEach(async () => {
    directory = await testDirectory();
    collector = await startCollector(directory.path, { listen: '0.0.0.0:0' });
  });
  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.terminate();
    await collector.stop();
    await directory.remove();
  });

  const admin = (path: string, body?: object) => ask(collector.url + path, { headers: ownerOf(directory.path), body });
  const answer = async () => (await admin(ADMIN_API.settings)).body as SettingsAnswer;
  const stage = () => until(answer, ({ rollout }) => rollout?.stage === 'done' || rollout?.stage === 'rolled_back');
  const change = (changes: Partial<SettingsChange>): Promise<Said> =>
    admin(ADMIN_API.settings, {
      where: PROD,
      set: {},
      unset: [],
      share: 1,
      watch_ms: 0,
      accept_loss: false,
      note: '',
      dry_run: false,
      ...changes,
    } satisfies SettingsChange);

  async function fleet(sizes: Record<string, number>): Promise<Record<string, Agent[]>> {
    const made = Object.entries(sizes).map(async ([env, count]) => {
      const line = await enrol(collector.url, directory.path, { labels: { env } });
      const agents = [];
      for (let index = 0; index < count; index++)
        agents.push(await connect(await joinWith(collector.url, line, { name: `${env}-${index}` })));
      return [env, agents] as const;
    });
    const all = Object.fromEntries(await Promise.all(made));
    for (const agent of Object.values(all).flat())
      await until(
        () => agent.told.length,
        (count) => count > 0,
      );
    return all;
  }

  const connect = (host: Enrolled, changes?: Partial<Hello>, takes?: boolean) => channelTo(collector.url, channels, host, changes, takes);
  /** The line of an enrolment for hosts with this label. */
  const lineOf = (env: string) => enrol(collector.url, directory.path, { labels: { env } });
  const join = (line: string, name: string) => joinWith(collector.url, line, { name });
  return { connect, admin, answer, stage, change, fleet, lineOf, join, data: () => directory.path, url: () => collector.url };
}
