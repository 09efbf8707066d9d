import { expect, test } from 'vitest';
import { Durations } from './durations.ts';

test('projects last from their first begin to their last end; the slowest files come first', () => {
  let now_ms = 0;
  const durations = new Durations(() => now_ms);
  const file = (project: string, name: string) => ({ id: name, relativeModuleId: name, project: { name: project } }) as never;
  const at = (ms: number, what: 'begins' | 'ends', project: string, name: string) => {
    now_ms = ms;
    if (what === 'begins') durations.onTestModuleQueued(file(project, name));
    else durations.onTestModuleEnd(file(project, name));
  };
  at(0, 'begins', 'unit', 'a');
  at(1000, 'begins', 'unit', 'b');
  at(4000, 'ends', 'unit', 'a');
  at(9000, 'ends', 'unit', 'b');
  at(9000, 'begins', 'kernel', 'c');
  at(10_000, 'ends', 'kernel', 'c');
  expect(durations.text().split('\n')).toEqual([
    'took 9 s: unit, 2 files',
    'took 1 s: kernel, 1 file',
    'took 8 s: b',
    'took 4 s: a',
    'took 1 s: c',
  ]);
});
