// The rows of a long table that are drawn: those in sight and some beyond. All rows have the same height.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { untrack } from 'svelte';

export const ROW_PX = 25;
/** Rows beyond those in sight: as many as Page Down moves, so that the row to focus exists. */
const OVERSCAN = 12;

type Drawn = { first: number; count: number; before_px: number; total_px: number };
const NOTHING: Drawn = { first: 0, count: 0, before_px: 0, total_px: 0 };

export class VirtualRows {
  #drawn = $state.raw(NOTHING);
  readonly #count: () => number;

  /** @param count reactive: number of rows */
  constructor(count: () => number) {
    this.#count = count;
  }

  get drawn(): Drawn {
    return this.#drawn;
  }

  /** The rows to draw, with their positions. */
  of<Row>(rows: readonly Row[]): { row: Row; at: number }[] {
    const { first, count } = this.#drawn;
    return rows.slice(first, first + count).map((row, at) => ({ row, at: first + at }));
  }

  /** Attached to the element that scrolls. */
  readonly follow = (scroller: HTMLElement): (() => void) => {
    const options = (count: number) => ({
      count,
      getScrollElement: () => scroller,
      estimateSize: () => ROW_PX,
      overscan: OVERSCAN,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.#draw(virtualizer),
    });
    const virtualizer: Virtualizer<HTMLElement, Element> = new Virtualizer(options(untrack(this.#count)));
    const stop = virtualizer._didMount();
    $effect(() => {
      virtualizer.setOptions(options(this.#count()));
      virtualizer._willUpdate();
      virtualizer.measure();
      untrack(() => this.#draw(virtualizer));
    });
    return stop;
  };

  #draw(virtualizer: Virtualizer<HTMLElement, Element>): void {
    const items = virtualizer.getVirtualItems();
    const first = items[0];
    this.#drawn = first
      ? { first: first.index, count: items.length, before_px: first.start, total_px: virtualizer.getTotalSize() }
      : NOTHING;
  }
}
