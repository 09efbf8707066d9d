// What a guest tells its host, as bytes that v8.deserialize() reads: both run the same Node.
import type { Collected } from '../support/collect.ts';
import type { Exchange } from '../support/traffic.ts';

/** The only local ports that some of its connects may choose from. */
export const NARROW = [40_000, 40_001] as const;

export type Report = Pick<Collected, 'hooks' | 'fields' | 'rows' | 'counters'> & {
  release: string;
  /** the cookie of a namespace that no process is in; 0 where the sweep could not enter it */
  other_netns: bigint;
  /** of the process that owned every socket */
  pid: number;
  /** whether this kernel could be made to lose packets */
  lossy: boolean;
  exchanges: Exchange[];
  /** what the kernel counted meanwhile, by nstat's names */
  kernel: Record<string, number>;
};
