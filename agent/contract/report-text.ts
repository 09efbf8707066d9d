// Text that others choose (what a process is called, where a cgroup lies), as reports have it: whole characters, no NUL, bounded.

/** The most UTF-16 units of each text in a report. */
export const TEXT_CHARS_MAX = {
  host_name: 255,
  machine: 64,
  kernel: 255,
  agent_version: 64,
  process_name: 64,
  command: 1024,
  cgroup_path: 4096,
  container_id: 64,
  pod_uid: 36,
  unit: 255,
  netns_name: 255,
  hook_name: 64,
  hook_reason: 512,
} as const;

/** Stands for what is no character. */
const REPLACEMENT = '\ufffd';

/** Halves of characters cannot be written as UTF-8, and a NUL ends a text for some who read it. */
export function isReportText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** The text with U+FFFD for what may not be in it. */
export function replaced(text: string): string {
  return text.toWellFormed().replaceAll('\0', REPLACEMENT);
}

/** At most so many UTF-16 units of the text, ending with a whole character. */
export function reportText(text: string, chars_max: number): string {
  const cut = text.slice(0, chars_max);
  // A first half at the end had its second half behind the cut.
  const whole = cut.length < text.length && /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
  return replaced(whole);
}
