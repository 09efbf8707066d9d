import { tick } from 'svelte';

/**
 * Arrow keys in a table. Up, down, Page Up, Page Down, Home and End move the focus over the rows' links, only one of which is a tab stop at
 * a time. Left and right move within a row. Above the first row are the headings. Attached to the element that scrolls the table.
 */
const ROWS_A_PAGE = 10;

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: ROWS_A_PAGE,
  PageUp: -ROWS_A_PAGE,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

export function rowFocus(container: HTMLElement): () => void {
  const links = () => [...container.querySelectorAll<HTMLElement>('[data-row-link]')];

  const ofHead = () => container.querySelector<HTMLElement>('thead :is(a, button)');

  /** Left and right move over the links of a row. */
  function alongRow(event: KeyboardEvent, step: number): void {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    const all = [...(target.closest('tr')?.querySelectorAll<HTMLElement>('a, button') ?? [])];
    const at = all.indexOf(target);
    if (at < 0) return;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key === 'ArrowRight') alongRow(event, 1);
    if (event.key === 'ArrowLeft') alongRow(event, -1);
    const step = STEPS[event.key];
    const all = links();
    const isInHead = event.target instanceof HTMLElement && event.target.closest('thead') !== null;
    const at = isInHead ? -1 : all.findIndex((link) => link.matches(':focus'));
    if (step === undefined || (at < 0 && !(isInHead && step === 1))) return;
    event.preventDefault();
    if (at === 0 && step === -1) ofHead()?.focus();
    else if (Number.isFinite(step)) all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
    else void toEnd(step > 0);
  }

  /** The first or last row may not be drawn yet. */
  async function toEnd(isLast: boolean): Promise<void> {
    const moved = new Promise((resolve) => container.addEventListener('scroll', resolve, { once: true }));
    const before = container.scrollTop;
    container.scrollTop = isLast ? container.scrollHeight : 0;
    if (container.scrollTop !== before) {
      await moved;
      await tick();
    }
    links()
      .at(isLast ? -1 : 0)
      ?.focus();
  }

  function onFocus(event: FocusEvent): void {
    if (!(event.target instanceof HTMLElement) || !event.target.matches('[data-row-link]')) return;
    for (const link of links()) link.tabIndex = link === event.target ? 0 : -1;
  }

  /** Rows come and go. If no link is a tab stop any more, the first one becomes it. */
  function keepTabStop(): void {
    const all = links();
    if (all[0] && all.every((link) => link.tabIndex < 0)) all[0].tabIndex = 0;
  }

  const observer = new MutationObserver(keepTabStop);
  keepTabStop();
  observer.observe(container, { childList: true, subtree: true });
  container.addEventListener('keydown', onKey);
  container.addEventListener('focusin', onFocus);
  return () => {
    observer.disconnect();
    container.removeEventListener('keydown', onKey);
    container.removeEventListener('focusin', onFocus);
  };
}
