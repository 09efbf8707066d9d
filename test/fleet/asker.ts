// Asks over HTTP from within a namespace, for a test outside of it: each line of its input is a request, each of its output the answer.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ask } from '../server/support/enrolled.ts';

export type Request = { number: number; url: string; method?: string; headers?: Record<string, string>; json?: object; text?: string };
export type Answer = { number: number; status: number; text: string };

async function answer({ number, url, method, headers = {}, json, text }: Request): Promise<Answer> {
  try {
    const body = text === undefined ? json : Buffer.from(text);
    const said = await ask(url, { headers, body, ...(method !== undefined && { method }) });
    return { number, status: said.status, text: said.text };
  } catch (error) {
    return { number, status: 0, text: String(error) };
  }
}

if (import.meta.main) {
  process.stdout.write('ready\n');
  for await (const line of createInterface(process.stdin))
    void answer(JSON.parse(line) as Request).then((said) => process.stdout.write(`${JSON.stringify(said)}\n`));
}
