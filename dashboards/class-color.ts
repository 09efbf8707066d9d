import type { RetransmitClass } from './words.ts';

/** The name of each class's colour in the palette. */
export const CLASS_COLOR = {
  fast: '--class-fast',
  slow_start: '--class-slow-start',
  rto: '--class-rto',
  tlp: '--class-tlp',
  syn: '--class-syn',
  syn_ack: '--class-syn-ack',
  unknown: '--class-unknown',
} as const satisfies Record<RetransmitClass, string>;
