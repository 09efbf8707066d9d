// Untrusted text (the name of a process, the path of a cgroup) as reports have it: well-formed, without NUL, bounded.

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

/** Replaces what is no character. */
const REPLACEMENT = '\ufffd';

/** Lone surrogates cannot be written as UTF-8, and some readers take a NUL for the end of a text. */
export function isReportText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Replaces what may not be in the text by U+FFFD. */
export function replaced(text: string): string {
  return text.toWellFormed().replaceAll('\0', REPLACEMENT);
}

/** The beginning of the text, at most so many UTF-16 units and ending with a whole character. */
export function reportText(text: string, chars_max: number): string {
  const cut = text.slice(0, chars_max);
  // A high surrogate at the end lost its low one to the cut.
  const whole = cut.length < text.length && /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
  return replaced(whole);
}
