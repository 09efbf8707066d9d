// What a finding is.
import type { Connection } from '../../../../server/api.ts';
import { formatCount } from '../../../format.ts';

export type Finding = { whose: Whose; words: string };
export type Whose = 'this process' | 'the peer' | 'this host' | 'the path' | 'not loss' | 'not known';

/** One thing that may stand out in a connection: a sentence with its evidence, or nothing. */
export type Look = (connection: Connection) => Finding | undefined;

export const segments = (count: number) => `${formatCount(count)} ${count === 1 ? 'segment' : 'segments'}`;

/** How long the connection was looked at, µs. */
export const lifeUs = ({ from_ms, to_ms }: Connection): number => Math.max(0, to_ms - from_ms) * 1000;
