// What a recording says of hooks and fields that its kernel did not have.
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import type { Hook } from './row-source.ts';

export function lacking(hooks: readonly Hook[]): { name: string; reason: string }[] {
  return hooks
    .filter(({ attached }) => !attached)
    .map(({ name, reason }) => ({ name, reason: reportText(reason, TEXT_CHARS_MAX.hook_reason) }));
}
