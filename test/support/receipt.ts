// What a collector acknowledges a body with, made by hand.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { zstdDecompressSync } from 'node:zlib';
import { KIND, KINDS } from '../../bpf/rows/rows.gen.ts';

/** The receipt of a batch, by its headers; of another body, only the digest. */
export function receiptOf(headers: IncomingHttpHeaders, body: Buffer): Record<string, unknown> {
  const digest = createHash('sha256').update(body).digest('hex');
  const { 'tcplens-schema': schema, 'tcplens-host-id': host_id, 'tcplens-epoch': epoch, 'tcplens-sequence': sequence } = headers;
  if (schema === undefined) return { digest };
  const size = KIND.map((kind) => KINDS[kind]).find((layout) => layout.schema === schema)?.size ?? Number.NaN;
  return { schema, host_id, epoch, sequence: Number(sequence), rows: zstdDecompressSync(body).length / size, digest };
}
