// What a cgroup's path says about who lives in it. Pure: container runtimes and systemd each have their own spelling.

export type CgroupName = { container_id: string; unit: string };

/** Each finds a container's 64-digit id in a path. The last match counts: containers can be nested. */
const CONTAINER_PATTERNS = [
  /(?:docker|cri-containerd|crio|libpod|containerd|nerdctl)[-:]([0-9a-f]{64})(?:\.scope)?(?=\/|$)/g, // systemd cgroup driver, cri
  /\/([0-9a-f]{64})(?=\/|$)/g, // cgroupfs driver: /docker/<id>, /kubepods/…/pod…/<id>
  /\/libpod-payload-([0-9a-f]{64})(?=\/|$)/g,
] as const;

const UNIT = /\/([^/]+\.(?:service|scope|slice|socket|mount|timer))(?=\/|$)/g;
/** Slices group units; they name something only where there is nothing finer. */
const isSlice = (unit: string) => unit.endsWith('.slice');

/**
 * Names the owner of a cgroup, its path relative to the hierarchy's root. Empty strings where the path does not show it.
 */
export function nameCgroup(path: string): CgroupName {
  const container_id = CONTAINER_PATTERNS.map((pattern) => last(path, pattern)).find((id) => id !== '') ?? '';
  const units = [...path.matchAll(UNIT)].map(([, unit = '']) => unit);
  const unit = units.findLast((name) => !isSlice(name)) ?? units.at(-1) ?? '';
  return { container_id, unit: unescapeUnit(unit) };
}

function last(path: string, pattern: RegExp): string {
  return [...path.matchAll(pattern)].at(-1)?.[1] ?? '';
}

/** systemd writes characters that a file name cannot hold as \xNN. */
function unescapeUnit(unit: string): string {
  return unit.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
