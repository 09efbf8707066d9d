// `tcplens record --filter`, over a recording in place of the kernel.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { encodeJson, SORT } from '../../../agent/recording/format.ts';
import { Losses } from '../../../agent/recording/losses.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { runCommand } from '../../support/run-command.ts';
import { end, fileOf, header, row, rows } from './made.ts';

const record = (...args: string[]) => runCommand(process.execPath, ['cli.ts', 'record', ...args]);
const newFile = () => join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'copy.tcplens');

/** Rows of each kind, what is said of the whole, and what the header says of filters. */
function read(file: string): { counts: Record<string, number>; said: string[]; filters: readonly string[] } {
  const recording = new Recording(file);
  const losses = new Losses();
  const counts: Record<string, number> = {};
  for (const part of recording.parts(losses))
    if (part.sort === 'rows') counts[part.kind] = (counts[part.kind] ?? 0) + part.rows.length / KINDS[part.kind].size;
  recording.close();
  return { counts, said: losses.sentences(recording.header), filters: recording.header.filters ?? [] };
}

test('--filter: the rows that it is true of, and the copy says so', () => {
  const from = fileOf(
    header(),
    rows('drop', 0, row('drop', 0, { peer_port: 443, length: 1 }), row('drop', 0, { peer_port: 80, length: 2 })),
    rows('sample', 1, row('sample', 0, { peer_port: 443 }), row('sample', 0, { local_port: 8080 }), row('sample', 0, { peer_port: 22 })),
    end({ drop: { rows: 2, written: 2 }, sample: { rows: 3, written: 3 } }),
  );
  const [once, twice] = [newFile(), newFile()];
  expect(record(once, '--replay', from, '--filter', 'port = 443', '--filter', 'port = 8080').code).toBe(0);
  expect(read(once)).toMatchObject({
    counts: { drop: 1, sample: 2 },
    said: ['the recording has only rows of which this is true: port = 443 or port = 8080'],
  });
  expect(record(twice, '--replay', once, '--filter', 'not port = 443').code).toBe(0);
  expect(read(twice)).toMatchObject({ counts: { sample: 1 }, filters: ['port = 443 or port = 8080', 'not port = 443'] });
  expect(record(newFile(), '--replay', from, '--filter', 'prot = 443')).toMatchObject({ code: 2, stderr: expect.stringMatching(/prot/) });
});

test('--filter over a recording knows its cgroups and namespaces by name', () => {
  const names = {
    processes: [],
    cgroups: [{ cgroup_id: '5', path: '/system.slice/nginx.service', container_id: '', unit: 'nginx.service' }],
    netns: [{ netns: '6', inode: 11, name: 'blue' }],
  };
  const places = [
    { cgroup_id: 5, netns: 6 },
    { cgroup_id: 5, netns: 7 },
    { cgroup_id: 4, netns: 6 },
  ];
  const from = fileOf(
    header(),
    encodeJson(SORT.names, 0, names),
    rows('sample', 0, ...places.map((place) => row('sample', 0, place))),
    end({ sample: { rows: 3, written: 3 } }),
  );
  const kept = (filter: string) => {
    const file = newFile();
    const { code, stderr } = record(file, '--replay', from, '--filter', filter);
    return code === 0 ? read(file).counts['sample'] : stderr;
  };
  expect(kept('cgroup = "nginx.service"')).toBe(2);
  expect(kept('netns = blue and cgroup = "/system.slice"')).toBe(1);
  expect(kept('netns = 11')).toBe(2);
  expect(kept('cgroup = "redis.service"')).toMatch(/no cgroup with the path, unit or container "redis.service"/);
});
