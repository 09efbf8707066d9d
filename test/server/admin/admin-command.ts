// `tcplens admin` as a process.
import { join } from 'node:path';
import { root } from '../../support/project-files.ts';
import { type Ended, runUntilEnd } from '../../support/run-until-end.ts';

export const admin = (...args: string[]): Promise<Ended> => runUntilEnd(join(root, 'tcplens'), ['admin', ...args]);

export const parsed = <Answer>({ stdout }: Ended) => JSON.parse(stdout) as Answer;
