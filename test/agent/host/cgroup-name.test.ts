import { expect, test } from 'vitest';
import { nameCgroup } from '../../../agent/host/cgroup-name.ts';
import { cgroup2Mount } from '../../../agent/host/cgroups.ts';

const ID = '7d1f0e8a3c5b4d6e9f2a1b0c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e';
const OUTER = '0'.repeat(64);

function check(path: string, expected: { container_id?: string; unit?: string }): void {
  expect(nameCgroup(path)).toEqual({ container_id: '', unit: '', ...expected });
}

test.each([
  { it: 'the root', path: '/', expected: {} },
  { it: 'a service', path: '/system.slice/nginx.service', expected: { unit: 'nginx.service' } },
  { it: 'an instance', path: '/system.slice/system-getty.slice/getty@tty1.service', expected: { unit: 'getty@tty1.service' } },
  { it: 'an escaped unit', path: '/system.slice/dev-disk-by\\x2duuid.mount', expected: { unit: 'dev-disk-by-uuid.mount' } },
  { it: 'a sub-cgroup of a service', path: '/system.slice/containerd.service/worker', expected: { unit: 'containerd.service' } },
  { it: 'a slice alone', path: '/user.slice', expected: { unit: 'user.slice' } },
  { it: 'a session', path: '/user.slice/user-1000.slice/session-3.scope', expected: { unit: 'session-3.scope' } },
  {
    it: 'a user service',
    path: '/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox.scope',
    expected: { unit: 'app-firefox.scope' },
  },
  { it: 'docker, systemd driver', path: `/system.slice/docker-${ID}.scope`, expected: { container_id: ID, unit: `docker-${ID}.scope` } },
  { it: 'docker, cgroupfs driver', path: `/docker/${ID}`, expected: { container_id: ID } },
  {
    it: 'a pod, containerd, systemd driver',
    path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b.slice/cri-containerd-${ID}.scope`,
    expected: { container_id: ID, unit: `cri-containerd-${ID}.scope` },
  },
  {
    it: 'a pod, cgroupfs driver',
    path: `/kubepods/burstable/pod9c1d7f0e-1111-2222-3333-444455556666/${ID}`,
    expected: { container_id: ID },
  },
  {
    it: 'a pod, containerd with a colon path',
    path: `/system.slice/containerd.service/kubepods-besteffort-pod1a2b.slice:cri-containerd:${ID}`,
    expected: { container_id: ID, unit: 'containerd.service' },
  },
  { it: 'cri-o', path: `/kubepods.slice/crio-${ID}.scope`, expected: { container_id: ID, unit: `crio-${ID}.scope` } },
  { it: 'podman', path: `/machine.slice/libpod-${ID}.scope/container`, expected: { container_id: ID, unit: `libpod-${ID}.scope` } },
  {
    it: 'rootless podman',
    path: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`,
    expected: { container_id: ID, unit: `libpod-${ID}.scope` },
  },
  { it: 'podman’s payload', path: `/machine.slice/libpod-payload-${ID}`, expected: { container_id: ID, unit: 'machine.slice' } },
  { it: 'a container in a container', path: `/docker/${OUTER}/docker/${ID}`, expected: { container_id: ID } },
  { it: 'a service in a container', path: `/docker/${ID}/system.slice/cron.service`, expected: { container_id: ID, unit: 'cron.service' } },
  { it: '63 digits are no id', path: `/docker/${ID.slice(1)}`, expected: {} },
  { it: 'an id inside a longer word is none', path: `/${ID}ff`, expected: {} },
])('$it', ({ path, expected }) => check(path, expected));

test.each([
  { it: 'unified', mountinfo: '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate', mount: '/sys/fs/cgroup' },
  {
    it: 'hybrid',
    mountinfo:
      '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    mount: '/sys/fs/cgroup/unified',
  },
  {
    it: 'with optional fields and an escaped space',
    mountinfo: '9 8 0:1 / /mnt/my\\040cgroups rw shared:4 master:1 - cgroup2 none rw',
    mount: '/mnt/my cgroups',
  },
  { it: 'none', mountinfo: '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu', mount: undefined },
])('cgroup2 mount: $it', ({ mountinfo, mount }) => {
  expect(cgroup2Mount(mountinfo)).toBe(mount);
});
