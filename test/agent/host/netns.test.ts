import { expect, test } from 'vitest';
import { mountsOf } from '../../../agent/host/mountinfo.ts';
import { nameOf } from '../../../agent/host/netns.ts';
import { HOLDER_BYTES, readHolders } from '../../../agent/host/netns-holder.ts';
import { countRefusals, refusalLog } from '../../../agent/host/netns-refusals.ts';
import { enterAll } from '../../../agent/host/sweep-round.ts';
import { fakeSource } from '../fake-source.ts';

test('holders, as the bytes that the kernel writes', () => {
  const of = (cookie: bigint, inode: number, pid: number, fd: number, hostname: string) => {
    const bytes = Buffer.alloc(HOLDER_BYTES);
    bytes.writeBigUInt64LE(cookie, 0);
    bytes.writeUInt32LE(inode, 8);
    bytes.writeUInt32LE(pid, 12);
    bytes.writeInt32LE(fd, 16);
    bytes.write(hostname, 24);
    return bytes;
  };
  const longest = 'n'.repeat(64);
  const bytes = Buffer.concat([of(7n, 4026531840, 1, -1, ''), of(8n, 4026532245, 77, -1, longest), of(0n, 4026532246, 88, 5, '')]);
  expect(readHolders(bytes)).toEqual([
    { cookie: 7n, inode: 4026531840, pid: 1, fd: undefined, hostname: '' },
    { cookie: 8n, inode: 4026532245, pid: 77, fd: undefined, hostname: longest },
    { cookie: 0n, inode: 4026532246, pid: 88, fd: 5, hostname: '' },
  ]);
  expect(readHolders(Buffer.alloc(0))).toEqual([]);
});

test('namespaces among the mounts', () => {
  const mountinfo = [
    '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
    '45 44 0:4 net:[4026532245] /run/netns/blue rw shared:2 - nsfs nsfs rw',
    '46 44 0:4 mnt:[4026532246] /run/snapd/ns/a\\040b.mnt rw - nsfs nsfs rw',
    '47 44 0:4 net:[4026532247] /run/net\\040ns/\\134x rw shared:2 master:1 - nsfs nsfs rw',
    '',
  ].join('\n');
  expect(mountsOf(mountinfo, 'nsfs')).toEqual([
    { root: 'net:[4026532245]', path: '/run/netns/blue' },
    { root: 'mnt:[4026532246]', path: '/run/snapd/ns/a b.mnt' },
    { root: 'net:[4026532247]', path: '/run/net ns/\\x' },
  ]);
  expect(mountsOf(mountinfo, 'nsf')).toEqual([]);
});

const CNI = 'cni-9c1d7f0e-1111-2222-3333-444455556666';

test.each([
  { it: 'init’s', found: { pid: 1, mounts: ['/run/docker/netns/default'] }, name: 'host' },
  { it: 'by ip netns', found: { mounts: ['/run/netns/blue'], hostname: 'web-0' }, name: 'blue' },
  { it: 'by ip netns where /var/run is no link', found: { mounts: ['/var/run/netns/blue'] }, name: 'blue' },
  { it: 'a pod’s, with the plugin’s mount', found: { mounts: [`/run/netns/${CNI}`], hostname: 'web-0' }, name: 'web-0' },
  {
    it: 'a pod’s, with podman’s mount',
    found: { mounts: ['/run/netns/netns-1a2b3c4d-1111-2222-3333-444455556666'], hostname: 'web' },
    name: 'web',
  },
  { it: 'a container’s with the host’s name still', found: { mounts: ['/run/docker/netns/1a2b3c'], hostname: 'here' }, name: '1a2b3c' },
  { it: 'one that is only mounted', found: { mounts: ['/run/docker/netns/1a2b3c'] }, name: '1a2b3c' },
  { it: 'one that nothing names', found: {}, name: '' },
])('name: $it', ({ found, name }) => {
  expect(nameOf({ mounts: [], hostname: '', ...found }, { host_name: 'here', nameOfTask: () => '' })).toBe(name);
});

test.each([
  { it: 'the first path leads in', answers: { '/a': 7n }, entered: ['7'], refused: [] },
  { it: 'the first one is gone', answers: { '/a': 'ENOENT', '/b': 7n }, entered: ['7'], refused: [] },
  { it: 'the first one is refused, the second is not', answers: { '/a': 'EACCES', '/b': 7n }, entered: ['7'], refused: [] },
  { it: 'all are gone', answers: { '/a': 'ENOENT', '/b': 'ESRCH' }, entered: [], refused: [] },
  { it: 'all are refused or gone', answers: { '/a': 'ENOENT', '/b': 'EPERM' }, entered: [], refused: ['EPERM'] },
])('entering: $it', ({ answers, entered, refused }) => {
  const namespaces = [{ inode: 5, name: 'blue', paths: Object.keys(answers) }];
  const sweep = (path: string) => {
    const answer = new Map<string, string | bigint>(Object.entries(answers)).get(path) ?? 'ENOENT';
    return typeof answer === 'string' ? answer : { cookie: answer, inode: 6 };
  };
  const round = enterAll(namespaces, { sweep });
  expect(round.entered).toEqual(entered.map((netns) => ({ netns, inode: 6, name: 'blue' })));
  expect(round.refused).toEqual(refused.map((reason) => ({ inode: 5, name: 'blue', reason })));
});

test('refusals are logged once each, and counted by reason with every sweep', () => {
  const refused = [
    { inode: 5, name: 'blue', reason: 'EPERM' },
    { inode: 6, name: '', reason: 'EPERM' },
    { inode: 7, name: 'red', reason: 'EACCES' },
  ];
  const source = { ...fakeSource(), netns_refused: () => refused };
  const lines: unknown[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (line: unknown) => lines.push(line) };
  const tell = refusalLog(source, log);
  tell();
  tell();
  expect(lines).toEqual(refused);
  refused.push({ inode: 8, name: 'new', reason: 'EPERM' });
  tell();
  expect(lines).toEqual(refused);
  expect(countRefusals(source)).toEqual(
    new Map([
      ['EPERM', 3],
      ['EACCES', 1],
    ]),
  );
});
