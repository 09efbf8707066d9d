// Reads a recording part by part, and converts rows of other versions to this version's layout.
import { closeSync, openSync, readSync } from 'node:fs';
import { Check } from 'typebox/schema';
import { type Conversion, conversionTo, type Layout, LayoutError, parseLayout } from '../../bpf/rows/layout.ts';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { replaced } from '../contract/report-text.ts';
import { RecordingError, reasonOf } from '../process/errors.ts';
import {
  checkPrefix,
  countersOf,
  damaged,
  type Frame,
  PREFIX_BYTES,
  type ReadAt,
  RecordedInvestigation,
  RecordedNames,
  RecordingEnd,
  RecordingHeader,
  readFrame,
  SORT,
} from './format.ts';
import { Losses } from './losses.ts';

export type RowsPart = { sort: 'rows'; kind: Kind; offset_ms: number; rows: Uint8Array };
export type NamesPart = { sort: 'names'; offset_ms: number; names: RecordedNames };
export type InvestigationPart = { sort: 'investigation'; offset_ms: number; investigation: RecordedInvestigation };
export type Part = RowsPart | NamesPart | InvestigationPart | { sort: 'end'; end: RecordingEnd };

/** A kind in the recording. Without a conversion it is a kind that this version does not know. */
type Recorded = { layout: Layout; known: { kind: Kind; conversion: Conversion } | undefined; rows: number };

export class Recording {
  readonly file: string;
  readonly header: RecordingHeader;
  readonly #descriptor: number;
  readonly #layouts: readonly Layout[];
  readonly #frames_at: number;

  /** @throws RecordingError `unreadable`, `not_a_recording`, `unknown_version`, `damaged` */
  constructor(file: string) {
    this.file = file;
    this.#descriptor = open(file);
    try {
      const has_hosts = checkPrefix(this.#read);
      const first = readFrame(this.#read, PREFIX_BYTES);
      if (first === undefined || first === 'cut') throw damaged(PREFIX_BYTES, 'it ends within its header');
      this.header = parseHeader(first.frame);
      if (has_hosts !== (this.header.hosts !== undefined)) throw damaged(0, 'its version is not that of its header');
      this.#layouts = parseLayouts(this.header.layouts);
      this.#frames_at = first.next_at;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Every part from the beginning. The last is the end, if there is one. What cannot be read is counted in `losses`.
   * @throws RecordingError `damaged`, with the offset
   */
  *parts(losses = new Losses()): Generator<Part, void> {
    const recorded = this.#layouts.map(recordedOf);
    for (let at = this.#frames_at; ; ) {
      const found = readFrame(this.#read, at);
      if (found === 'cut') losses.cut_at = at;
      if (found === undefined || found === 'cut') return;
      if (losses.ended) throw damaged(at, 'something follows its end');
      const part = partOf(found.frame, at, recorded, losses);
      if (part) yield part;
      at = found.next_at;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  readonly #read: ReadAt = (at, length) => {
    const buffer = Buffer.alloc(length);
    try {
      return buffer.subarray(0, readSync(this.#descriptor, buffer, 0, length, at));
    } catch (error) {
      throw unreadable(this.file, error);
    }
  };
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): RecordingError {
  const why = reasonOf(error);
  return new RecordingError('unreadable', `cannot read the recording ${file} (${why}): give a file that tcplens record has made`, {
    cause: error,
  });
}

/** Replaces lone surrogates and NULs in names from a file, as is done with names from a host. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString(), (_, value: unknown) => (typeof value === 'string' ? replaced(value) : value));
  } catch {
    return undefined;
  }
}

function parseHeader({ sort, bytes }: Frame): RecordingHeader {
  const header = parseJson(bytes);
  if (sort !== SORT.header || !Check(RecordingHeader, header)) throw damaged(PREFIX_BYTES, 'its header is not readable');
  return header;
}

function parseLayouts(layouts: readonly unknown[]): Layout[] {
  try {
    return layouts.map(parseLayout);
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error;
    throw damaged(PREFIX_BYTES, error.message);
  }
}

function recordedOf(layout: Layout): Recorded {
  const kind = KIND.find((name) => name === layout.kind);
  return { layout, known: kind && { kind, conversion: conversionTo(kind, layout) }, rows: 0 };
}

function partOf(frame: Frame, at: number, recorded: readonly Recorded[], losses: Losses): Part | undefined {
  const { sort, offset_ms, bytes } = frame;
  if (sort === SORT.rows) return rowsOf(frame, at, recorded, losses);
  if (sort === SORT.names) {
    const names = parseJson(bytes);
    if (!Check(RecordedNames, names)) throw damaged(at, 'its names are not readable');
    return { sort: 'names', offset_ms, names };
  }
  if (sort === SORT.investigation) {
    const investigation = parseJson(bytes);
    if (!Check(RecordedInvestigation, investigation)) throw damaged(at, 'its investigation is not readable');
    return { sort: 'investigation', offset_ms, investigation };
  }
  if (sort === SORT.end) {
    const end = parseJson(bytes);
    if (!Check(RecordingEnd, end)) throw damaged(at, 'its end is not readable');
    checkCounts(end, at, recorded);
    losses.ended = true;
    losses.counted = countersOf(end) !== undefined;
    return { sort: 'end', end };
  }
  losses.skipped_frames.set(sort, (losses.skipped_frames.get(sort) ?? 0) + 1);
  return undefined;
}

function rowsOf({ layout: number, offset_ms, bytes }: Frame, at: number, recorded: readonly Recorded[], losses: Losses): Part | undefined {
  const found = recorded[number];
  if (found === undefined || bytes.length % found.layout.size !== 0)
    throw damaged(at, `${bytes.length} bytes are no rows of layout ${number}`);
  const { layout, known } = found;
  const rows = bytes.length / layout.size;
  found.rows += rows;
  if (known === undefined) {
    losses.unknown_kinds.set(layout.kind, (losses.unknown_kinds.get(layout.kind) ?? 0) + rows);
    return undefined;
  }
  const { kind, conversion } = known;
  const loss = losses.converted.get(kind) ?? { conversion, unmapped: new Map() };
  losses.converted.set(kind, loss);
  return { sort: 'rows', kind, offset_ms, rows: conversion.convert(bytes, loss.unmapped) };
}

/** Compares the rows that were read with the number in the end frame: only this shows that whole frames are missing. */
function checkCounts({ kinds }: RecordingEnd, at: number, recorded: readonly Recorded[]): void {
  for (const { layout, rows } of recorded) {
    const wanted = kinds[layout.kind]?.['rows'] ?? 0;
    if (rows !== wanted) throw damaged(at, `its end counts ${wanted} ${layout.kind} rows, there are ${rows}`);
  }
}
