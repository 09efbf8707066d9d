// The test's end of asker.ts.
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Answer, Request } from './asker.ts';
import type { Host, Lan } from './lan.ts';

export type Asking = { ask: (request: Omit<Request, 'number'>) => Promise<Answer>; close: () => void };

export function askFrom(lan: Lan, host: Host): Asking {
  const child = lan.spawn(host, process.execPath, ['--disable-warning=ExperimentalWarning', 'test/fleet/asker.ts']);
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  child.stderr?.pipe(process.stderr);
  if (child.stdout !== null)
    createInterface(child.stdout).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const answer = JSON.parse(line) as Answer;
      waiting.get(answer.number)?.(answer);
      waiting.delete(answer.number);
    });
  return {
    ask: (request) => {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      asked += 1;
      waiting.set(asked, resolve);
      child.stdin?.write(`${JSON.stringify({ number: asked, ...request } satisfies Request)}\n`);
      return promise;
    },
    close: () => child.kill('SIGKILL'),
  };
}
