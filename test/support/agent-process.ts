// The agent as people run it, and what its /metrics says.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './project-files.ts';

/** One series of an exposition in Prometheus' text format. */
export type Series = { name: string; labels: Record<string, string>; value: number };

export type AgentProcess = {
  pid: number;
  metrics(): Promise<Series[]>;
  /** SIGTERM; resolves with the exit code when it has ended */
  stop(): Promise<number | null>;
};

/** The lines of /metrics that are series. */
export function parseMetrics(text: string): Series[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
    value: Number(value),
  }));
}

/** The sum of the series that have all these labels. */
export function sumOf(series: readonly Series[], name: string, labels: Record<string, string>): number {
  return series
    .filter((each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Starts `tcplens agent` with its programs attached and /metrics on a port of its own. */
export async function startAgent(...args: string[]): Promise<AgentProcess> {
  const child = spawn(join(root, 'tcplens'), ['agent', '--metrics', '127.0.0.1:0', '--spool', 'none', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await metricsUrl(child).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    pid: child.pid ?? 0,
    metrics: async () => parseMetrics(await (await fetch(url)).text()),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await exit) as [number | null];
      return code;
    },
  };
}

async function metricsUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
    const url = /"metrics":"([^"]+)".*"msg":"watching"/.exec(text)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('exit', () => reject(new Error(`the agent ended: ${text}`)));
  return promise;
}
