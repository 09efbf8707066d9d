// Runs one agent in this process, or one for each host of a recording of several: a collector takes from an agent only rows of its own
// host.
import { join } from 'node:path';
import { AGENT_OPTIONS, type AgentConfig } from './config.ts';
import { hex64 } from './contract/hex64.ts';
import { runAgent } from './main.ts';
import { ConfigError, RecordingError } from './process/errors.ts';
import type { LocalSettings } from './settings/local.ts';

/** Each reads the file by itself, and has a channel and batches of its own. */
const HOSTS_MAX = 64;

/** Runs until `stop`, or the end of a replay. Where one agent fails, the others stop. @throws what `runAgent` does, ConfigError `bad_value` */
export async function runAgents(config: AgentConfig, local: LocalSettings, stop: AbortSignal): Promise<void> {
  const hosts = config.replay === undefined ? undefined : await hostsIn(config.replay);
  if (hosts === undefined) return runAgent(config, local, stop);
  if (config.join !== undefined) throw refused(AGENT_OPTIONS.join.flags, 'makes this machine a host of the collector');
  if (config.loop) throw refused('--loop', 'begins again for each of them when its own rows are over');
  const chosen = config.hostId === undefined ? hosts : [config.hostId];
  if (chosen.length > HOSTS_MAX)
    throw new RecordingError(
      'too_many_hosts',
      `the recording has ${hosts.length} hosts, at most ${HOSTS_MAX} can be replayed at once: choose one with --host-id`,
    );
  const failed = new AbortController();
  const began_ms = Date.now();
  await Promise.all(
    chosen.map(async (hostId) => {
      const spool = config.spool && config.spool !== 'none' ? join(config.spool, hex64(hostId)) : config.spool;
      // Several agents cannot listen on one address.
      const metrics = chosen.length > 1 ? 'none' : config.metrics;
      const own: AgentConfig = { ...config, hostId, began_ms, spool, metrics };
      await runAgent(own, local, AbortSignal.any([stop, failed.signal])).catch((error: unknown) => {
        failed.abort();
        throw error;
      });
    }),
  );
}

const refused = (flags: string, why: string) =>
  new ConfigError('bad_value', `${flags} ${why}: rows of a recording of several hosts are stored as those of its own hosts`);

/** Undefined: the recording does not name its host. @throws RecordingError */
async function hostsIn(file: string): Promise<bigint[] | undefined> {
  // Imported only here: an agent of the kernel need not load the reader of recordings and its schemas.
  const { Recording } = await import('./recording/read.ts');
  const recording = new Recording(file);
  const { hosts } = recording.header;
  recording.close();
  return hosts?.map(({ host_id }) => BigInt(`0x${host_id}`));
}
