// What tshark makes of a capture.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const FIELDS = [
  'frame.time_relative',
  'tcp.stream',
  'tcp.len',
  'tcp.ack',
  'ip.src',
  'ipv6.src',
  'tcp.flags.syn',
  'tcp.flags.ack',
  'tcp.flags.reset',
  'tcp.analysis.retransmission',
  'tcp.analysis.fast_retransmission',
  'tcp.analysis.spurious_retransmission',
  'tcp.analysis.out_of_order',
  'tcp.analysis.zero_window',
  'tcp.analysis.keep_alive',
  'tcp.analysis.zero_window_probe',
] as const;

export type Field = (typeof FIELDS)[number];

/** The fields of a packet that are set. */
export type Frame = Partial<Record<Field, string>>;

/** Every TCP packet of a capture. */
export async function analyse(capture: string): Promise<Frame[]> {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const options = ['-n', '-r', capture, '-Y', 'tcp', '-T', 'fields', '-E', 'occurrence=f', ...fields];
  const { stdout } = await promisify(execFile)('tshark', options, { maxBuffer: 256 << 20 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(line.split('\t').flatMap((value, at) => (value === '' ? [] : [[FIELDS[at], value]]))) as Frame);
}
