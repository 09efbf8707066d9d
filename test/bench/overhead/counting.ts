// Has the kernel count the runs of BPF programs for as long as something takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** `helper` is the compiled count-runs.c. However this process ends, the counting ends with it. */
export async function counting<Value>(helper: string, body: () => Promise<Value>): Promise<Value> {
  const child = spawn(helper, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [ready] = await Promise.race([once(child.stdout, 'data'), exit]);
  if (!Buffer.isBuffer(ready)) throw new Error('the kernel does not count the runs of BPF programs');
  try {
    return await body();
  } finally {
    child.stdin.end();
    await exit;
  }
}
