// The last used filters of this browser, newest first.

const STORAGE_KEY = 'tcplens-filters';
export const REMEMBERED_MAX = 20;

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

/** Anything of another form in the storage counts as nothing. */
export function rememberedFilters(kept: Kept): string[] {
  try {
    const read: unknown = JSON.parse(kept.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(read) ? read.filter((one) => typeof one === 'string').slice(0, REMEMBERED_MAX) : [];
  } catch {
    return [];
  }
}

/** If the browser stores nothing, the filter is not remembered; the page works without. */
export function rememberFilter(kept: Kept, expression: string): void {
  if (expression === '') return;
  const all = [expression, ...rememberedFilters(kept).filter((one) => one !== expression)];
  try {
    kept.setItem(STORAGE_KEY, JSON.stringify(all.slice(0, REMEMBERED_MAX)));
  } catch {
    // The storage is full, or not allowed.
  }
}
