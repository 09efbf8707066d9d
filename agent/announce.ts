// What an agent says in its log at its start.
import type { AgentConfig } from './config.ts';
import { hex64 } from './contract/hex64.ts';
import type { Telemetry } from './metrics/telemetry.ts';
import type { Log } from './process/log.ts';
import type { Source } from './source/source.ts';

/** Also gives up the privileges that the agent needs no more, and logs what is left. */
export function announce(
  { rows, restrict }: Source,
  { collector, otlp, ownNetns }: AgentConfig,
  telemetry: Telemetry | undefined,
  log: Log,
  isMember: boolean,
): void {
  const { url: metrics } = telemetry ?? { url: undefined };
  log.info({ host_id: hex64(rows.host_id), collector, otlp, metrics }, 'watching');
  if (collector === undefined && otlp === undefined && !isMember)
    log.warn('neither --join, --collector nor --otlp: rows go nowhere but into /metrics');
  for (const notice of rows.notices) log.warn({ notice }, 'the recording is not replayed as it was recorded');
  for (const { name, attached, reason } of rows.hooks())
    if (!attached) log.warn({ hook: name, reason }, 'the kernel refused a hook: what it would show is missing');
  const rights = restrict(ownNetns);
  if (rights) log.info(rights, 'gave up all capabilities but these, in every thread');
}
