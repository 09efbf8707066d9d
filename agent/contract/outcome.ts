// What can become of a row, from the kernel to a table. Every loss has its name here, once: accounts, tables and pages count by it.
// Contract of agent/ towards server/.

/** Where a loss happens. */
export type Stage = 'kernel' | 'agent' | 'collector';

/** The ways a row can be lost, in the order of its road, and where. */
export const LOSSES = {
  /** the ring of its kind was full */
  ring_lost: 'kernel',
  /** its kind's budget, or that of the filter that wanted it, was spent */
  withheld: 'kernel',
  /** nobody could write it: a connection's opening or end reached no program */
  missed: 'kernel',
  /** the disk took nothing and memory for unsent batches was full */
  memory_dropped: 'agent',
  /** the spool was at its size: the oldest batches go */
  spool_dropped: 'agent',
  /** it had waited in the spool for longer than it may */
  spool_expired: 'agent',
  /** the spool's file was torn or corrupted where it lay */
  spool_damaged: 'agent',
  /** drained, and in no batch on disk yet, when the agent died */
  died: 'agent',
  /** a collector refused its batch for good: it lies in the dead-letter file */
  rejected: 'agent',
  /** its time was outside of what the tables keep: it lies in the quarantine file */
  quarantined: 'collector',
  /** the store refused it for good: it lies in the dead-letter folder */
  dead_letter: 'collector',
  /** the collector's log was corrupted where it lay: what is left of it is set aside */
  log_damaged: 'collector',
} as const satisfies Record<string, Stage>;

export type Loss = keyof typeof LOSSES;

/** `seen`: the kernel's programs wanted to write it. `sent`: a collector has acknowledged it. */
export type Outcome = 'seen' | 'sent' | Loss;

export const OUTCOMES = ['seen', 'sent', ...(Object.keys(LOSSES) as Loss[])] as const satisfies readonly Outcome[];
