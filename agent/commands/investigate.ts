// `tcplens investigate`: for some time looks closely at the connections of this host that a filter matches, and says why their segments were
// sent again. Needs no collector.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { SOURCE_OPTIONS, type SourceConfig } from '../config.ts';
import { DETAIL, DETAILS } from '../contract/detail.ts';
import { parseConnections } from '../contract/language/connections.ts';
import { pick } from '../filter/run.ts';
import { Collected } from '../investigations/collected.ts';
import { commentsOf } from '../investigations/comments.ts';
import { programOf } from '../investigations/program.ts';
import { Slots } from '../investigations/slots.ts';
import { parseBudget } from '../kernel/budget.ts';
import type { KernelSource } from '../kernel/ring-source.ts';
import { Drain } from '../loop/drain.ts';
import { pump } from '../loop/pump.ts';
import { pcapngOf } from '../pcapng/write.ts';
import { COMMON_OPTIONS } from '../process/common-options.ts';
import { AgentError, reasonOf } from '../process/errors.ts';
import { addOptions, type OptionValues } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { oneOf, parseCount, parseDuration } from '../process/units.ts';
import { VERSION } from '../process/version.ts';
import { openHostKernel } from '../source/open-source.ts';
import { unseenIn } from '../source/unseen.ts';
import { verdictJson, verdictText } from '../text/verdict-text.ts';
import { judgeCauses } from '../verdict/causes.ts';
import { claimsOf } from '../verdict/claims.ts';
import { EVIDENCE_KINDS } from '../verdict/evidence.ts';
import { type Judged, judgeAll } from '../verdict/verdicts.ts';
import { sayUnseen, UnseenTold } from './unseen-told.ts';

const OWN_OPTIONS = {
  for: { flags: '--for <duration>', help: 'how long it looks', parse: parseDuration, fallback: '30s' },
  detail: {
    flags: '--detail <level>',
    help: 'rows; progress: with each segment that comes to a socket; packets: with the headers at network devices',
    parse: oneOf(DETAILS),
    fallback: 'packets',
  },
  rowBudget: { flags: '--row-budget <budget>', help: 'rows a second, or "none"', parse: parseBudget, fallback: '20000/s' },
  rowsMax: { flags: '--rows-max <rows>', help: 'stop after so many', parse: parseCount(1, 10_000_000), fallback: '1000000' },
  pcapng: { flags: '--pcapng <file>', help: 'write the headers there, with what is known of each packet, for Wireshark', parse: String },
  json: COMMON_OPTIONS.json,
} as const;

const { replay: _replay, speed: _speed, loop: _loop, hostId: _hostId, stateDir: _stateDir, ...SOURCE } = SOURCE_OPTIONS;
const INVESTIGATE_OPTIONS = { ...SOURCE, interval: { ...SOURCE.interval, fallback: '2s' }, ...OWN_OPTIONS } as const;
/** The host id in rows: nobody else reads them. */
const HOST_ID = 1n;

type InvestigateConfig = Omit<SourceConfig, 'replay' | 'speed' | 'loop' | 'hostId' | 'stateDir'> & OptionValues<typeof OWN_OPTIONS>;

const NOTES = `
The filter says which connections, by addresses, ports, process, cgroup or namespace. Where the other end is on this host too, in
whichever network namespace, both are looked at and joined. Example:
  tcplens investigate 'peer in 10.2.0.0/24 and port = 443' --for 1m --pcapng slow.pcapng`;

export function command(): Command {
  const investigate = new Command('investigate')
    .description(
      'looks closely at some connections of this host, and says why their segments were sent again, why connects failed, who reset connections and what made them slow',
    )
    .argument('<filter>', 'which connections')
    .addHelpText('after', NOTES);
  return addOptions(investigate, INVESTIGATE_OPTIONS).action(async (filter: string, config: InvestigateConfig) => {
    parseConnections(filter);
    const source = await openHostKernel({ ...config, hostId: HOST_ID, stateDir: '' });
    try {
      await investigateHost(source, filter, config);
    } finally {
      source.close();
    }
  });
}

/** @throws FilterError, and AgentError at the end, where some rows could not be seen */
async function investigateHost(source: KernelSource, filter: string, config: InvestigateConfig): Promise<void> {
  const unseen = new UnseenTold({ unseen: (kinds) => unseenIn(source, kinds) }, new Set(EVIDENCE_KINDS), sayUnseen);
  unseen.look();
  const { program, other_end } = programOf({ id: '0000000000000001', expression: filter }, source.filters.names(), Date.now() + config.for);
  source.filters.exclusive(true);
  const slots = new Slots(source.filters);
  const slot = slots.take(program, config.rowBudget, config.detail);
  if (slot === undefined) throw new AgentError('filter', 'no slot is free');
  source.restrict(config.ownNetns);
  const collected = new Collected(config.rowsMax);
  const full = new AbortController();
  const drain = new Drain(source, (kind, rows) => {
    collected.add(kind, pick(kind, rows));
    if (collected.is_full) full.abort();
  });
  const stop = AbortSignal.any([stopSignal(), AbortSignal.timeout(config.for), full.signal]);
  await pump({ source, drain, interval_ms: config.interval, stop });
  const account = slots.counters(slot);
  slots.free(slot);
  const judged = judgeAll(collected.evidence);
  if (config.pcapng !== undefined) writeCapture(config.pcapng, collected, judged);
  const told = {
    filter,
    other_end,
    account,
    left_out: collected.left_out,
    judged,
    claims: claimsOf(judgeCauses(collected.evidence)),
    watched: DETAIL[config.detail],
  };
  process.stdout.write(config.json ? `${verdictJson(told)}\n` : verdictText(told));
  unseen.end();
}

function writeCapture(file: string, { evidence }: Collected, { verdicts }: Judged): void {
  const comment = commentsOf(evidence, verdicts);
  const packets = evidence.packet
    .toSorted((one, other) => Number(one.time_ns - other.time_ns))
    .map((row) => ({ row, comment: comment(row) }));
  const device = ({ netns, ifindex }: PacketRow) => `netns ${netns} device ${ifindex}`;
  try {
    writeFileSync(file, Buffer.concat([...pcapngOf(packets, `tcplens ${VERSION}`, device)]), { mode: 0o600 });
  } catch (error) {
    throw new AgentError('capture', `cannot write ${file} (${reasonOf(error)}): name a file that you may write`, { cause: error });
  }
}
