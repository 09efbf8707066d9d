// What a finding is.
import type { Connection } from '../../../../server/api.ts';
import { formatCount } from '../../../format.ts';

export type Finding = { whose: Whose; words: string };
export type Whose = 'this process' | 'the peer' | 'this host' | 'the path' | 'not loss' | 'not known';

/** Looks for one notable fact in a connection. Returns a sentence with its evidence, or undefined. */
export type Look = (connection: Connection) => Finding | undefined;

export const segments = (count: number) => `${formatCount(count)} ${count === 1 ? 'segment' : 'segments'}`;

/** For how long the connection was observed, µs. */
export const lifeUs = ({ from_ms, to_ms }: Connection): number => Math.max(0, to_ms - from_ms) * 1000;
