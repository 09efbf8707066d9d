import { expect, test } from 'vitest';
import { nameCgroup, tellingPath } from '../../../agent/host/cgroup-name.ts';
import { cgroup2Mount } from '../../../agent/host/cgroups.ts';

const ID = '7d1f0e8a3c5b4d6e9f2a1b0c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e';
const OUTER = '0'.repeat(64);
const POD = '9c1d7f0e-1111-2222-3333-444455556666';
const POD_ = POD.replaceAll('-', '_');
const STATIC_POD = 'd41d8cd98f00b204e9800998ecf8427e';

function check(path: string, expected: { container_id?: string; pod_uid?: string; unit?: string }): void {
  expect(nameCgroup(path)).toEqual({ container_id: '', pod_uid: '', unit: '', ...expected });
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
    path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    expected: { container_id: ID, pod_uid: POD, unit: `cri-containerd-${ID}.scope` },
  },
  {
    it: 'a guaranteed pod, which has no slice of its class',
    path: `/kubepods.slice/kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    expected: { container_id: ID, pod_uid: POD, unit: `cri-containerd-${ID}.scope` },
  },
  { it: 'a pod itself', path: `/kubepods.slice/kubepods-pod${POD_}.slice`, expected: { pod_uid: POD, unit: `kubepods-pod${POD_}.slice` } },
  { it: 'a pod, cgroupfs driver', path: `/kubepods/burstable/pod${POD}/${ID}`, expected: { container_id: ID, pod_uid: POD } },
  { it: 'a guaranteed pod, cgroupfs driver', path: `/kubepods/pod${POD}/${ID}`, expected: { container_id: ID, pod_uid: POD } },
  {
    it: 'a static pod',
    path: `/kubepods/burstable/pod${STATIC_POD}/${ID}`,
    expected: { container_id: ID, pod_uid: STATIC_POD },
  },
  {
    it: 'a pod, containerd with a colon path',
    path: `/system.slice/containerd.service/kubepods-besteffort-pod${POD_}.slice:cri-containerd:${ID}`,
    expected: { container_id: ID, pod_uid: POD, unit: 'containerd.service' },
  },
  {
    it: 'a pod by docker, systemd driver',
    path: `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_}.slice/docker-${ID}.scope`,
    expected: { container_id: ID, pod_uid: POD, unit: `docker-${ID}.scope` },
  },
  {
    it: 'a pod in a node that is a container',
    path: `/system.slice/docker-${OUTER}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    expected: { container_id: ID, pod_uid: POD, unit: `cri-containerd-${ID}.scope` },
  },
  {
    it: 'a pod as a process outside of its cgroup namespace sees it',
    path: `/../../pod${POD}/${ID}`,
    expected: { container_id: ID, pod_uid: POD },
  },
  {
    it: 'cri-o, systemd driver',
    path: `/kubepods.slice/kubepods-pod${POD_}.slice/crio-${ID}.scope`,
    expected: { container_id: ID, pod_uid: POD, unit: `crio-${ID}.scope` },
  },
  { it: 'cri-o, cgroupfs driver', path: `/kubepods/besteffort/pod${POD}/crio-${ID}`, expected: { container_id: ID, pod_uid: POD } },
  {
    it: 'cri-o’s monitor of a container is not in it',
    path: `/system.slice/crio-conmon-${ID}.scope`,
    expected: { unit: `crio-conmon-${ID}.scope` },
  },
  { it: 'podman', path: `/machine.slice/libpod-${ID}.scope/container`, expected: { container_id: ID, unit: `libpod-${ID}.scope` } },
  {
    it: 'rootless podman',
    path: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`,
    expected: { container_id: ID, unit: `libpod-${ID}.scope` },
  },
  { it: 'podman, cgroupfs driver', path: `/libpod_parent/libpod-${ID}`, expected: { container_id: ID } },
  {
    it: 'podman’s monitor is not in the container',
    path: `/machine.slice/libpod-conmon-${ID}.scope`,
    expected: { unit: `libpod-conmon-${ID}.scope` },
  },
  {
    it: 'a pod of podman’s own is none of Kubernetes',
    path: `/machine.slice/machine-libpod_pod_${OUTER}.slice/libpod-${ID}.scope`,
    expected: { container_id: ID, unit: `libpod-${ID}.scope` },
  },
  { it: 'lxc, unified', path: '/lxc.payload.web/system.slice/nginx.service', expected: { container_id: 'web', unit: 'nginx.service' } },
  { it: 'lxc, old hierarchies', path: '/lxc/web', expected: { container_id: 'web' } },
  { it: 'lxc’s monitor is not in the container', path: '/lxc.monitor.web', expected: {} },
  { it: 'docker in lxc', path: `/lxc.payload.web/docker/${ID}`, expected: { container_id: ID } },
  {
    it: 'systemd-nspawn',
    path: '/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service',
    expected: { container_id: 'web', unit: 'nginx.service' },
  },
  {
    it: 'a virtual machine of libvirt',
    path: '/machine.slice/machine-qemu\\x2d3\\x2dweb.scope/libvirt/emulator',
    expected: { container_id: 'qemu-3-web', unit: 'machine-qemu-3-web.scope' },
  },
  { it: 'a user’s manager', path: '/user.slice/user-1000.slice/user@1000.service/init.scope', expected: { unit: 'user@1000.service' } },
  { it: 'the manager', path: '/init.scope', expected: { unit: 'init.scope' } },
  {
    it: 'a service of a user’s, in slices of its own',
    path: '/user.slice/user-1000.slice/user@1000.service/session.slice/org.gnome.Shell@wayland.service',
    expected: { unit: 'org.gnome.Shell@wayland.service' },
  },
  { it: 'podman’s payload', path: `/machine.slice/libpod-payload-${ID}`, expected: { container_id: ID, unit: 'machine.slice' } },
  { it: 'a container in a container', path: `/docker/${OUTER}/docker/${ID}`, expected: { container_id: ID } },
  { it: 'a service in a container', path: `/docker/${ID}/system.slice/cron.service`, expected: { container_id: ID, unit: 'cron.service' } },
  { it: '63 digits are no id', path: `/docker/${ID.slice(1)}`, expected: {} },
  { it: 'an id inside a longer word is none', path: `/${ID}ff`, expected: {} },
])('$it', ({ path, expected }) => check(path, expected));

test.each([
  { it: 'one hierarchy', cgroups: '0::/system.slice/nginx.service\n', path: '/system.slice/nginx.service' },
  {
    it: 'hybrid, the container only in the old hierarchies',
    cgroups: `12:pids:/docker/${ID}\n2:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/system.slice/containerd.service\n`,
    path: `/docker/${ID}`,
  },
  { it: 'hybrid, a service', cgroups: '12:pids:/system.slice/a.service\n0::/system.slice/a.service\n', path: '/system.slice/a.service' },
  {
    it: 'old hierarchies, all but systemd’s at the root',
    cgroups: '3:pids:/\n1:name=systemd:/system.slice/a.service\n0::/\n',
    path: '/system.slice/a.service',
  },
  { it: 'nowhere', cgroups: '0::/\n', path: '/' },
  { it: 'no cgroups', cgroups: '', path: '' },
])('the most telling path: $it', ({ cgroups, path }) => {
  expect(tellingPath(cgroups)).toBe(path);
});

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

test.each([
  ['an escaped letter of two bytes', '/system.slice/caf\\xc3\\xa9.service', 'café.service'],
  ['escaped bytes that are no character', '/system.slice/a\\xed\\xa0\\xbd.service', 'a\ufffd\ufffd\ufffd.service'],
  ['an escaped NUL', '/system.slice/a\\x00b.service', 'a\ufffdb.service'],
])('a unit with %s', (_what, path, unit) => {
  expect(nameCgroup(path).unit).toBe(unit);
});
