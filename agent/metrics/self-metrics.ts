// The agent's accounting as metrics: every row that was seen, and what became of those that did not arrive.
import { type Meter, type ObservableResult, ValueType } from '@opentelemetry/api';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { accountOf, type Ledger, STAGES } from '../accounts/ledger.ts';
import { countRefusals } from '../host/netns-refusals.ts';
import type { RowSource } from '../source/row-source.ts';
import type { Answered } from '../uplink/client.ts';

export type Observed = {
  source: RowSource;
  ledger: Ledger;
  /** memory and disk that batches hold which wait for the collector */
  waiting_bytes: () => { memory: number; disk: number };
  answered: () => Iterable<Readonly<Answered>>;
};

/** Registers observable instruments, which are read at each collection; `source` must be open then. */
export function observeSelf(meter: Meter, { source, ledger, waiting_bytes, answered }: Observed): void {
  const rows = meter.createObservableCounter('tcplens.agent.rows', {
    unit: '{row}',
    description: 'Rows by what became of them; seen is what the kernel programs wanted to write',
    valueType: ValueType.INT,
  });
  const queued = meter.createObservableUpDownCounter('tcplens.agent.queue.rows', {
    unit: '{row}',
    description: 'Rows drained and not yet acknowledged',
    valueType: ValueType.INT,
  });
  const bytes = meter.createObservableUpDownCounter('tcplens.agent.queue.size', {
    unit: 'By',
    description: 'Memory held by batches that wait for the collector',
    valueType: ValueType.INT,
  });
  const spool = meter.createObservableUpDownCounter('tcplens.agent.spool.size', {
    unit: 'By',
    description: 'Disk held by batches that wait for the collector',
    valueType: ValueType.INT,
  });
  observeAnswers(meter, answered);
  const hooks = meter.createObservableGauge('tcplens.agent.hooks', {
    unit: '{hook}',
    description: '1 where the program is attached, 0 where the kernel refused it',
    valueType: ValueType.INT,
  });
  const missed = meter.createObservableCounter('tcplens.agent.hooks.missed', {
    unit: '{event}',
    description: 'Events that reached no program because its processor was in it already',
    valueType: ValueType.INT,
  });
  const namespaces = meter.createObservableGauge('tcplens.agent.namespaces', {
    unit: '{namespace}',
    description: 'Network namespaces in the last sweep: entered, or not for a reason, which is the name of an errno',
    valueType: ValueType.INT,
  });
  rows.addCallback((result) => observeRows(result));
  queued.addCallback((result) => {
    for (const [kind, account] of accounts()) result.observe(account.queued, { 'tcplens.kind': kind });
  });
  bytes.addCallback((result) => result.observe(waiting_bytes().memory));
  spool.addCallback((result) => result.observe(waiting_bytes().disk));
  hooks.addCallback((result) => {
    for (const { name, attached } of source.hooks()) result.observe(attached ? 1 : 0, { 'tcplens.hook': name });
  });
  missed.addCallback((result) => {
    for (const [name, count] of source.misses()) result.observe(count, { 'tcplens.hook': name });
  });
  namespaces.addCallback((result) => {
    result.observe(source.netns().length, { 'tcplens.entry': 'entered' });
    for (const [reason, count] of countRefusals(source)) result.observe(count, { 'tcplens.entry': reason });
  });

  function accounts() {
    const counters = source.counters();
    return KIND.map((kind) => [kind, accountOf(ledger[kind], counters[kind])] as const);
  }

  function observeRows(result: ObservableResult): void {
    for (const [kind, account] of accounts()) {
      for (const stage of STAGES) result.observe(account[stage], { 'tcplens.kind': kind, 'tcplens.stage': stage });
    }
  }
}

/** Status codes have three digits, so the number of series is bounded, whoever answers. */
function observeAnswers(meter: Meter, answered: Observed['answered']): void {
  const answers = meter.createObservableCounter('tcplens.agent.answers', {
    unit: '{answer}',
    description: 'Requests to the collector by what came of them; status 0: no answer; retry: nothing that a collector has to say',
    valueType: ValueType.INT,
  });
  answers.addCallback((result) => {
    for (const { request, verdict, status, count } of answered()) {
      result.observe(count, { 'tcplens.request': request, 'tcplens.answer': verdict, 'http.response.status_code': status });
    }
  });
}
