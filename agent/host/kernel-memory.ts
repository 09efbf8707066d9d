// The kernel memory that the BPF maps of this process take, as the kernel accounts it.
import { readdirSync, readFileSync } from 'node:fs';

/** In bytes. */
export type KernelMemory = { rings: number; other_maps: number };

const RINGBUF = '27'; // BPF_MAP_TYPE_RINGBUF

/** From the texts of /proc/PID/fdinfo/*; several descriptors can be of one map. */
export function kernelMemory(fdinfos: readonly string[]): KernelMemory {
  const of = (text: string, name: string) => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1];
  const maps = new Map(fdinfos.map((text) => [of(text, 'map_id'), text]));
  maps.delete(undefined);
  const memory = { rings: 0, other_maps: 0 };
  for (const text of maps.values()) memory[of(text, 'map_type') === RINGBUF ? 'rings' : 'other_maps'] += Number(of(text, 'memlock') ?? 0);
  return memory;
}

export function readKernelMemory(): KernelMemory {
  const directory = '/proc/self/fdinfo';
  return kernelMemory(
    readdirSync(directory).map((descriptor) => {
      try {
        return readFileSync(`${directory}/${descriptor}`, 'utf8');
      } catch {
        return ''; // the descriptor of the directory itself, closed by now
      }
    }),
  );
}
