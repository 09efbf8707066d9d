// Opens the way to a collector, as the options say.
import { randomBytes } from 'node:crypto';
import { type AgentConfig, spoolDirectory } from '../config.ts';
import { hex64 } from '../contract/hex64.ts';
import type { SweepPace } from '../loop/pace.ts';
import { VERSION } from '../process/version.ts';
import { openSpool } from '../spool/open.ts';
import { CollectorClient } from './client.ts';
import { hostOf } from './report.ts';
import type { Route } from './route.ts';
import { Uplink, type UplinkOptions } from './uplink.ts';

/** `member`: the host id that a collector has given this host. */
type UplinkParts = Pick<UplinkOptions, 'source' | 'entities' | 'log'> & {
  pace: SweepPace;
  route: Route | undefined;
  member: string | undefined;
};

/** Undefined where there is no collector. @throws CannotRunError where the spool cannot be used */
export async function openUplink(config: AgentConfig, { pace, route, member, ...parts }: UplinkParts): Promise<Uplink | undefined> {
  const { interval: report_interval_ms } = config;
  if (route === undefined) return undefined;
  const host_id = hex64(parts.source.host_id);
  const run = { epoch: randomBytes(8).toString('hex'), host_id, host: hostOf(parts.source, VERSION) };
  const memory_bytes = config.queueBytes;
  const caps = { bytes_max: config.spoolBytes, age_ms_max: config.spoolAge };
  const spool = await openSpool({ directory: spoolDirectory(config, member), caps, memory_bytes, run, log: parts.log });
  return new Uplink({
    ...parts,
    client: new CollectorClient(route),
    run,
    spool,
    memory_bytes,
    report_interval_ms,
    interval_ms: () => pace.interval_ms,
    onAnswer: (answer) => pace.answered(answer),
  });
}
