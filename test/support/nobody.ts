// The user nobody, who has no rights.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { root } from './project-files.ts';

export const NOBODY = { uid: 65534, gid: 65534 } as const;

/** Why a test cannot run tcplens as nobody; empty where it can. */
export function whyNotNobody(): string {
  if (process.getuid?.() !== 0) return 'only root can become nobody';
  const needed = [`${root}/cli.ts`, process.execPath];
  const readable = needed.every((path) => spawnSync('test', ['-r', path], { cwd: '/', ...NOBODY }).status === 0);
  return readable ? '' : 'the checkout lies where nobody may not read';
}
