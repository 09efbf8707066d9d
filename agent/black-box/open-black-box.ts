// Lets investigations and the black box share the kernel's filter slots.
import type { InvestigationsOptions } from '../investigations/investigations.ts';
import { Slots } from '../investigations/slots.ts';
import type { KernelFilters } from '../kernel/controls.ts';
import type { Log } from '../process/log.ts';
import type { Uplink } from '../uplink/uplink.ts';
import { BlackBox } from './black-box.ts';

type Opening = { filters: KernelFilters | undefined; bytes: number; uplink: Pick<Uplink, 'add'>; emptyRings: () => void; log: Log };

/** Undefined: rows do not come from a kernel. @param opening `emptyRings`: drains all rows that are in the rings, while the box takes them */
export function openBlackBox({ filters, bytes, uplink, emptyRings, log }: Opening): InvestigationsOptions['kernel'] {
  if (filters === undefined) return undefined;
  const slots = new Slots(filters, emptyRings);
  const names = () => filters.names();
  return { slots, names, black_box: new BlackBox({ slots, names, bytes, log }), add: (kind, rows) => uplink.add(kind, rows) };
}
