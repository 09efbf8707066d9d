// Which container, pod and unit the path of a cgroup names. Pure. Container runtimes, Kubernetes and systemd each have their own spelling,
// most of them one for systemd's cgroup driver and one for plain directories (cgroupfs).

import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';

export type CgroupName = {
  /** the innermost container: 64 hex digits, or a name given by lxc, systemd-nspawn or libvirt */
  container_id: string;
  /** the Kubernetes pod, as the API server writes it */
  pod_uid: string;
  /** the innermost systemd unit; a slice only where there is no other */
  unit: string;
};

/** Helper processes of a runtime (crio-conmon-ID.scope) are beside the container, not in it. */
const CONTAINER_PATTERNS = [
  // /docker/ID, docker-ID.scope, cri-containerd-ID.scope, crio-ID, libpod-payload-ID, and slice:runtime:ID
  /(?<=[/:])(?:[a-z][a-z0-9-]*(?<!-conmon)[-:])?([0-9a-f]{64})(?:\.scope)?(?=\/|$)/g,
  /\/(?:lxc\/|lxc\.payload[./])([^/]+)(?=\/|$)/g,
  /\/machine\.slice\/systemd-nspawn@([^/]+)\.service(?=\/|$)/g,
  /\/machine\.slice\/machine-([^/]+)\.scope(?=\/|$)/g,
] as const;

/** systemd's driver writes _ for -, since - nests slices. The uid of a static pod, from a file of the kubelet, is an MD5. */
const POD = /[/-]pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?=[/:]|$)/g;

const UNIT = /\/([^/]+\.(?:service|scope|slice|socket|mount|swap))(?=\/|$)/g;

/** The owner of a cgroup, from its path relative to the hierarchy's root. Empty strings where the path does not say it. */
export function nameCgroup(path: string): CgroupName {
  const matches = CONTAINER_PATTERNS.flatMap((pattern) => [...path.matchAll(pattern)]).sort((one, other) => one.index - other.index);
  const units = [...path.matchAll(UNIT)].map(([, unit = '']) => unit);
  return {
    container_id: reportText(unescapeUnit(matches.at(-1)?.[1] ?? ''), TEXT_CHARS_MAX.container_id),
    pod_uid: ([...path.matchAll(POD)].at(-1)?.[1] ?? '').replaceAll('_', '-'),
    unit: reportText(unescapeUnit(innermost(units)), TEXT_CHARS_MAX.unit),
  };
}

/** Slices only group units, and the init.scope of a service manager says less than the unit that the manager runs in. */
function innermost(units: readonly string[]): string {
  const finer = units.filter((unit) => !unit.endsWith('.slice'));
  return finer.findLast((unit) => unit !== 'init.scope') ?? finer.at(-1) ?? units.at(-1) ?? '';
}

/** systemd escapes bytes that a file name cannot have as \xNN. */
function unescapeUnit(unit: string): string {
  return unit.replace(/(?:\\x[0-9a-f]{2})+/g, (escaped) => Buffer.from(escaped.replaceAll('\\x', ''), 'hex').toString());
}

/**
 * The path in the text of /proc/PID/cgroup that says most. With cgroup v1 beside v2 (hybrid mode) only the paths of v1 show the container.
 */
export function tellingPath(cgroups: string): string {
  const paths = [...cgroups.matchAll(/^\d+:([^:]*):(.*)$/gm)].map(([, controllers = '', path = '']) => ({ controllers, path }));
  const unified = paths.find(({ controllers }) => controllers === '');
  const systemd = paths.find(({ controllers }) => controllers === 'name=systemd');
  const inContainer = [unified, ...paths].find((each) => each && nameCgroup(each.path).container_id !== '');
  return (inContainer ?? (unified && unified.path !== '/' ? unified : systemd) ?? unified)?.path ?? '';
}
