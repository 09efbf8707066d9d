// The packets of an investigation as a capture for Wireshark, with what is known of each packet in its comment.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hex64 } from '../../agent/contract/hex64.ts';
import { commentsOf } from '../../agent/exports/comments.ts';
import { type DeviceName, Pcapng } from '../../agent/pcapng/write.ts';
import { VERSION } from '../../agent/process/version.ts';
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import type { OneInvestigation } from '../api/investigations.ts';
import type { Judging } from './judging.ts';
import { captureComment } from './report-facts.ts';

type Pages = AsyncIterable<readonly PacketRow[]> | Iterable<readonly PacketRow[]>;

/** @param nameOf the name of the host with this id, in hex */
export async function* captureOf(
  pages: Pages,
  one: OneInvestigation,
  judging: Judging,
  nameOf: (host_id: string) => string,
): AsyncGenerator<Buffer> {
  const { judged } = judging;
  const section = { application: `tcplens ${VERSION}`, comment: captureComment(one, one.at_hosts, judging) };
  const comment = commentsOf(judged.verdicts);
  const pcapng = new Pcapng(section, deviceNames(nameOf));
  yield pcapng.begin;
  for await (const page of pages) {
    yield Buffer.concat(page.map((row) => pcapng.blockOf({ row, comment: comment(row) })));
    await nextTurn();
  }
}

/** Names of devices begin with the host, since several hosts can have a device of the same number. */
function deviceNames(nameOf: (host_id: string) => string): DeviceName {
  const names = new Map<bigint, string>();
  return ({ host_id, netns, ifindex }) => {
    const known = names.get(host_id) ?? nameOf(hex64(host_id));
    names.set(host_id, known);
    return `${known} netns ${netns} device ${ifindex}`;
  };
}
