// `tcplens up` as a process of its own, with the agent, the collector and the pages.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../support/project-files.ts';
import { waitFor } from '../support/wait.ts';

export type Up = { url: string; stop(): Promise<unknown> };

/** Several can run at once. Needs root. @param data directory of its data */
export async function startUp(data: string): Promise<Up> {
  const options = ['--listen', '127.0.0.1:0', '--metrics', 'none', '--data', data];
  const child = spawn(join(root, 'tcplens'), ['up', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const url = await waitFor(
    'tcplens up',
    () => (said.includes('"watching"') ? (/dashboards on (http:\S+)/.exec(said)?.[1] ?? '') : ''),
    (found) => found !== '',
    50,
  );
  return {
    url,
    stop: () => {
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      return exit;
    },
  };
}
