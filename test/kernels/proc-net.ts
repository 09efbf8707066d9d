// Texts of /proc/net: counters under the names that nstat gives them, and sockets.

/** `Tcp: A B` over `Tcp: 1 2` becomes TcpA 1, TcpB 2. */
export function readKernelCounters(texts: readonly string[]): Record<string, number> {
  const counters: Record<string, number> = {};
  for (const text of texts) {
    const lines = text.trim().split('\n');
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const [table = '', ...names] = (lines[at] ?? '').split(/\s+/);
      const [, ...values] = (lines[at + 1] ?? '').split(/\s+/);
      names.forEach((name, index) => {
        counters[table.replace(':', '') + name] = Number(values[index]);
      });
    }
  }
  return counters;
}

export function difference(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

const TIME_WAIT = '06';

/** The lines of /proc/net/tcp and tcp6 whose socket is not in TIME-WAIT. */
export function openSockets(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.trim().split('\n').slice(1)).filter((line) => line.trim().split(/\s+/)[3] !== TIME_WAIT);
}
