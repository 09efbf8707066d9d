// stub
import type { Engine, Segment } from './store.ts';
export async function noteLate(_engine: Pick<Engine, 'insertObjects'>, _segment: Segment, _now_ms: number): Promise<void> {}
