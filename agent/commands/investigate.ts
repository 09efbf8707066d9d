// `tcplens investigate`: for some time looks closely at the connections that a filter matches, and says why their segments were sent again. By
// itself it looks at this host and needs no collector; with one, at the hosts of its fleet.
import { Command } from 'commander';
import { lookProblem } from '../contract/detail.ts';
import { parseConnections } from '../contract/language/connections.ts';
import { ConfigError } from '../process/errors.ts';
import { addOptions } from '../process/options.ts';
import { openHostKernel } from '../source/open-source.ts';
import { investigateHost } from './investigate-host.ts';
import {
  type AskedOfCollector,
  COLLECTOR_OPTIONS,
  HOST_ID,
  HOST_OPTIONS,
  type InvestigateConfig,
  OWN_OPTIONS,
  REPLAY_OPTIONS,
  RESULT_OPTIONS,
} from './investigate-options.ts';
import { type OfCollector, replayInvestigation } from './replay-investigation.ts';

const NOTES = `
The filter says which connections, by addresses, ports, process, cgroup or namespace. Where the other end is on this host too, in
whichever network namespace, or on another host of the collector, both are looked at and joined. Ctrl-C ends it, and prints what was
found by then. A --recording of it is judged again anywhere, with no filter: --replay FILE. Examples:
  tcplens investigate 'peer in 10.2.0.0/24 and port = 443' --for 1m --pcapng slow.pcapng
  tcplens investigate 'port = 5432' --collector https://tcplens.example:8600 --hosts 'label.env = prod' --for 5m --report db.html
  tcplens investigate --replay db.tcplens --pcapng db.pcapng`;

export type ByCollector = {
  /** Asks a collector. */
  investigate: (filter: string, asked: AskedOfCollector) => Promise<void>;
  judge: OfCollector;
};

/** @param byCollector what a collector's part of tcplens does */
export function command(byCollector: ByCollector): Command {
  const investigate = new Command('investigate')
    .description(
      'looks closely at some connections, and says why their segments were sent again, why connects failed, who reset connections and what made them slow',
    )
    .argument('[filter]', 'which connections')
    .addHelpText('after', NOTES);
  for (const options of [OWN_OPTIONS, REPLAY_OPTIONS, COLLECTOR_OPTIONS, HOST_OPTIONS]) addOptions(investigate, options);
  return investigate.action(async (filter: string | undefined, config: InvestigateConfig) => {
    const { collector, replay } = config;
    if (replay !== undefined) {
      checkReplay(investigate, filter);
      return replayInvestigation(replay, config, byCollector.judge);
    }
    if (filter === undefined) throw new ConfigError('bad_value', 'say which connections, as in "port = 443", or --replay FILE');
    parseConnections(filter);
    const problem = lookProblem({ detail: config.detail, user_stacks: config.userStacks });
    if (problem !== undefined) throw new ConfigError('bad_value', `--user-stacks: ${problem}`);
    if (collector !== undefined) return byCollector.investigate(filter, { ...config, collector });
    const alone = (['hosts', 'note', 'tokenFile', 'ca'] as const).find(
      (name) => config[name] !== undefined && !isOfEnvironment(investigate, name),
    );
    if (alone !== undefined) throw new ConfigError('bad_value', `${COLLECTOR_OPTIONS[alone].flags} is for --collector URL: give that too`);
    const source = await openHostKernel({ ...config, hostId: HOST_ID, stateDir: '' });
    try {
      await investigateHost(source, filter, config);
    } finally {
      source.close();
    }
  });
}

const isOfEnvironment = (command: Command, name: string): boolean => command.getOptionValueSource(name) === 'env';

/** Refuses options that the recording decides itself: which connections, and how they were looked at. @throws ConfigError `bad_value` */
function checkReplay(command: Command, filter: string | undefined): void {
  if (filter !== undefined) throw new ConfigError('bad_value', '--replay judges all that the recording has: leave the filter out');
  const allowed: readonly string[] = ['replay', ...RESULT_OPTIONS];
  const other = command.options.find(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli' && !allowed.includes(option.attributeName()),
  );
  if (other !== undefined)
    throw new ConfigError('bad_value', `${other.flags} is for an investigation that is to be made, not for --replay: leave it out`);
}
