// `node ask.ts URL`: what is there, as JSON. By its name this process is told from all others that make connections.
import process from 'node:process';

export const ASKING = 'tcplens-asks';

export type Answer = { status: number; text: string };

if (import.meta.main) {
  process.title = ASKING;
  const response = await fetch(process.argv[2] ?? '', { headers: { connection: 'close' }, signal: AbortSignal.timeout(120_000) });
  process.stdout.write(JSON.stringify({ status: response.status, text: await response.text() } satisfies Answer));
}
