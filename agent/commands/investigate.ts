// `tcplens investigate`: for some time looks closely at the connections that a filter matches, and says why their segments were sent again. By
// itself it looks at this host and needs no collector; with one, at the hosts of its fleet.
import { Command } from 'commander';
import { parseConnections } from '../contract/language/connections.ts';
import { ConfigError } from '../process/errors.ts';
import { addOptions } from '../process/options.ts';
import { openHostKernel } from '../source/open-source.ts';
import { investigateHost } from './investigate-host.ts';
import { type AskedOfCollector, COLLECTOR_OPTIONS, HOST_OPTIONS, type InvestigateConfig, OWN_OPTIONS } from './investigate-options.ts';

/** The host id in rows: nobody else reads them. */
const HOST_ID = 1n;

const NOTES = `
The filter says which connections, by addresses, ports, process, cgroup or namespace. Where the other end is on this host too, in
whichever network namespace, or on another host of the collector, both are looked at and joined. Ctrl-C ends it, and prints what was
found by then. Examples:
  tcplens investigate 'peer in 10.2.0.0/24 and port = 443' --for 1m --pcapng slow.pcapng
  tcplens investigate 'port = 5432' --collector https://tcplens.example:8600 --hosts 'label.env = prod' --for 5m --report db.html`;

/** @param atCollector does it by a collector */
export function command(atCollector: (filter: string, asked: AskedOfCollector) => Promise<void>): Command {
  const investigate = new Command('investigate')
    .description(
      'looks closely at some connections, and says why their segments were sent again, why connects failed, who reset connections and what made them slow',
    )
    .argument('<filter>', 'which connections')
    .addHelpText('after', NOTES);
  addOptions(addOptions(addOptions(investigate, OWN_OPTIONS), COLLECTOR_OPTIONS), HOST_OPTIONS);
  return investigate.action(async (filter: string, config: InvestigateConfig) => {
    parseConnections(filter);
    const { collector } = config;
    if (collector !== undefined) return atCollector(filter, { ...config, collector });
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
