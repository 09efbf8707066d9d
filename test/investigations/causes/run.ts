// Makes the traffic of a scenario, and proves by the kernel's counters that its cause occurred.
import { once } from 'node:events';
import { Endpoint, type Programs, startRelay } from '../../fidelity/programs.ts';
import { waitFor } from '../../support/wait.ts';
import { PORT, SIDES } from '../scenario.ts';
import { makeCarried, makeTrio, type Trio } from '../trio.ts';
import type { Scenario } from './scenario.ts';

/** The caller has to close the returned trio. */
export async function runScenario(scenario: Scenario, { endpoint, relay }: Programs): Promise<Trio> {
  const trio = scenario.carried ? makeCarried() : makeTrio();
  try {
    if (scenario.known) await converse(trio, endpoint, { ...scenario, ...ONCE });
    for (const side of SIDES) run(trio, side, scenario.setup?.[side]);
    const path = { client: trio.sender, server: trio.receiver, close: () => {} };
    const carrying = scenario.carried && (await startRelay(relay, path, [...scenario.carried]));
    await converse(trio, endpoint, scenario);
    await carrying?.stop();
    await prove(trio, scenario);
    return trio;
  } catch (error) {
    trio.close();
    throw new Error(`${scenario.name} did not run`, { cause: error });
  }
}

const ONCE = {
  sender: `connect:${PORT} send:10 shutdown drain close`,
  receiver: `listen:${PORT} accept drain close`,
  meanwhile: undefined,
};

function run(trio: Trio, side: (typeof SIDES)[number], commands: readonly string[] = []): void {
  for (const command of commands) trio[side]?.run(...command.split(' '));
}

type Talk = Pick<Scenario, 'name' | 'family' | 'sender' | 'receiver' | 'to'> & { meanwhile?: Scenario['meanwhile'] | undefined };

async function converse(trio: Trio, program: string, { name, family = 'ipv4', to, meanwhile, ...scripts }: Talk): Promise<void> {
  const start = (side: 'sender' | 'receiver', address: string) => {
    const child = trio[side].start(program, address, ...scripts[side].split(' ').filter(Boolean));
    return { child, said: new Endpoint(`${name} ${side}`, child) };
  };
  const receiver = start('receiver', trio.receiver.address[family]);
  if (scripts.receiver.startsWith('sleep')) await receiver.said.end();
  else await receiver.said.until('listen');
  const sender = start('sender', to ?? trio.receiver.address[family]);
  if (meanwhile) await receiver.said.until(meanwhile.word, meanwhile.count);
  if (meanwhile) run(trio, meanwhile.at, meanwhile.commands);
  if (meanwhile?.kill) {
    // Data that arrives before the process has ended counts as unread.
    const gone = once(receiver.child, 'exit');
    receiver.child.kill('SIGKILL');
    await gone;
  }
  await sender.said.end();
  if (!meanwhile?.kill && !scripts.receiver.startsWith('sleep')) await receiver.said.end();
}

async function prove(trio: Trio, { proof }: Scenario): Promise<void> {
  if (!proof) return;
  const side = trio[proof.at];
  if (!side) throw new Error(`there is no ${proof.at}`);
  const count = () =>
    'counter' in proof ? (side.nstat()[proof.counter] ?? 0) : matched(side.run('iptables', '-L', '-v', '-x', '-n'), proof.rule);
  await waitFor(`${proof.at}: ${JSON.stringify(proof)}`, count, (number) => number >= proof.least, 100);
}

/** Number of packets that a rule with this target matched. */
const matched = (listed: string, target: string): number =>
  Number(new RegExp(`^\\s*(\\d+)\\s+\\d+\\s+${target}`, 'm').exec(listed)?.[1] ?? 0);
