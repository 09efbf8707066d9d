// What can become of a row between the kernel and a table. Each loss is named once, here; accounting, tables and pages use the name.

/** Where a loss happens. */
export type Stage = 'kernel' | 'agent' | 'collector';

/** How a row can be lost and where, in the order of the pipeline. */
export const LOSSES = {
  /** the ring of its kind was full */
  ring_lost: 'kernel',
  /** its kind's budget, or that of the filter that wanted it, was spent */
  withheld: 'kernel',
  /** nobody could write it: the event of a connection's opening or end reached no program */
  missed: 'kernel',
  /** the disk refused writes and the memory for unsent batches was full */
  memory_dropped: 'agent',
  /** the spool had its maximum size: the oldest batches were dropped */
  spool_dropped: 'agent',
  /** it was in the spool for longer than --spool-age */
  spool_expired: 'agent',
  /** its part of the spool's file was torn or corrupted */
  spool_damaged: 'agent',
  /** the agent died after it had drained the row, and before the row was in a batch on disk */
  died: 'agent',
  /** a collector refused its batch for good: it is in the agent's dead-letter file */
  rejected: 'agent',
  /** its time is outside of what the tables keep: it is in the quarantine file */
  quarantined: 'collector',
  /** the store refused it for good: it is in the collector's dead-letter folder */
  dead_letter: 'collector',
  /** its part of the collector's log was corrupted: the rest is set aside */
  log_damaged: 'collector',
} as const satisfies Record<string, Stage>;

export type Loss = keyof typeof LOSSES;
export type LossAt<At extends Stage> = { [Name in Loss]: (typeof LOSSES)[Name] extends At ? Name : never }[Loss];
export type AgentLoss = LossAt<'agent'>;

export const lossesAt = <At extends Stage>(stage: At): readonly LossAt<At>[] =>
  (Object.keys(LOSSES) as Loss[]).filter((loss): loss is LossAt<At> => LOSSES[loss] === stage);
export const AGENT_LOSSES = lossesAt('agent');
export const isAgentLoss = (outcome: string): outcome is AgentLoss => AGENT_LOSSES.some((loss) => loss === outcome);

/** `seen`: the kernel's programs wanted to write it. `sent`: a collector has acknowledged it. */
export type Outcome = 'seen' | 'sent' | Loss;

export const OUTCOMES = ['seen', 'sent', ...(Object.keys(LOSSES) as Loss[])] as const satisfies readonly Outcome[];

/** Most entries of lost batches in one report, and ranges of sequences in each. */
export const LOST_BATCHES_MAX = 1000;
export const SEQUENCES_MAX = 16;
