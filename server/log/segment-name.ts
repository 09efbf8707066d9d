// The names of segments and of their files. A file is `<kind>/<segment>.<layout>.rows`, so that it can be read without the journal. What is
// made of a segment is named after it: its halves `<segment>.0` and `<segment>.1`, its sound batches `<segment>.s`, the halves of those
// `<segment>.s.0`, and so on.
import { join } from 'node:path';
import type { SegmentState } from './journal-record.ts';

type Named = Pick<SegmentState, 'kind' | 'segment' | 'schema'>;

const FILE = /^([0-9A-Za-z-]{1,200}(?:\.[01s])*)\.([0-9a-f]{12})\.rows$/;

/** `schema` is `<kind>/<layout>`. */
export function segmentPath(directory: string, { kind, segment, schema }: Named): string {
  return join(directory, kind, `${segment}.${schema.slice(kind.length + 1)}.rows`);
}

/** The segment whose file has this name in the folder of `kind`; undefined where the log gives no such names. */
export function segmentOf(kind: string, file: string): Named | undefined {
  const [, segment, layout] = FILE.exec(file) ?? [];
  return segment === undefined || layout === undefined ? undefined : { kind, segment, schema: `${kind}/${layout}` };
}

/** The name that the segment had when it was sealed, before it was halved or lost damaged batches. */
export function originOf(segment: string): string {
  return segment.replace(/(\.[01s])+$/, '');
}

/** The name of a segment's sound batches, or of its rows in this version's layout. */
export function soundPartOf(segment: string): string {
  return `${segment}.s`;
}
