// When an investigation is too much for its host. Pure arithmetic on what the agent uses.

/** What this process and its rings have used since it began. `ring_lost`, `written`: rows of kinds that only investigations ask for. */
export type Figures = { at_ms: number; cpu_ms: number; memory_bytes: number; ring_lost: number; written: number };

export type Limits = {
  /** over which the shares are judged */
  window_ms: number;
  /** of one processor */
  cpu_share: number;
  /** resident */
  memory_bytes: number;
  /** of the rows that were to be written */
  lost_share: number;
  /** fewer lost rows say nothing */
  lost_min: number;
};

const MIB = 1024 * 1024;

/** Ten times what an agent is to use without an investigation. */
export const LIMITS: Limits = { window_ms: 5000, cpu_share: 0.5, memory_bytes: 384 * MIB, lost_share: 0.05, lost_min: 100 };

/** Why it is too much, for people; undefined: it is not. @param before of at least `window_ms` ago */
export function harmOf(before: Figures, now: Figures, limits: Limits): string | undefined {
  const share = (now.cpu_ms - before.cpu_ms) / Math.max(1, now.at_ms - before.at_ms);
  if (share > limits.cpu_share) return `the agent used ${percent(share)} of a processor, and may use ${percent(limits.cpu_share)}`;
  if (now.memory_bytes > limits.memory_bytes)
    return `the agent used ${mib(now.memory_bytes)} of memory, and may use ${mib(limits.memory_bytes)}`;
  const lost = now.ring_lost - before.ring_lost;
  const all = lost + now.written - before.written;
  if (lost >= limits.lost_min && lost > all * limits.lost_share)
    return `${lost} of ${all} rows found no room in their ring: ask for fewer rows a second, or less detail`;
  return undefined;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
