// What a segment's file is called: `<kind>/<segment>.<layout>.rows`, so that whoever finds it can read it, whatever became of the journal.
// A part of a segment is named after its whole: its halves `<segment>.0` and `<segment>.1`, its sound batches `<segment>.s`, and so on.
import { join } from 'node:path';
import type { SegmentState } from './journal-record.ts';

type Named = Pick<SegmentState, 'kind' | 'segment' | 'schema'>;

const FILE = /^([0-9A-Za-z-]{1,200}(?:\.[01s])*)\.([0-9a-f]{12})\.rows$/;

/** `schema` is `<kind>/<layout>`. */
export function segmentPath(directory: string, { kind, segment, schema }: Named): string {
  return join(directory, kind, `${segment}.${schema.slice(kind.length + 1)}.rows`);
}

/** The segment whose file is called so in the folder of `kind`; undefined if it is none of the log's. */
export function segmentOf(kind: string, file: string): Named | undefined {
  const [, segment, layout] = FILE.exec(file) ?? [];
  return segment === undefined || layout === undefined ? undefined : { kind, segment, schema: `${kind}/${layout}` };
}

/** The segment as it was sealed, before it was halved or lost damaged batches. */
export function originOf(segment: string): string {
  return segment.replace(/(\.[01s])+$/, '');
}

/** What is left of a segment without its damaged batches, or in another layout. */
export function soundPartOf(segment: string): string {
  return `${segment}.s`;
}
