// Reads a recording of an investigation to judge it again. A verdict needs all of its rows, so a recording that is cut short is refused.
import { RecordingError } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import type { RecordedInvestigation } from './format.ts';
import { Losses } from './losses.ts';
import type { Recording } from './read.ts';

/** `notices`: what this version cannot read as it was recorded, a sentence each. */
export type Investigated = RecordedInvestigation & { notices: readonly string[] };

/** The error for a recording in which another version of tcplens has described the investigation in another form. */
export function unreadable({ header }: Recording): RecordingError {
  const made = `it was made by tcplens ${header.tcplens}, and this is ${VERSION}`;
  return new RecordingError(
    'unknown_investigation',
    `what the recording says of its investigation is not readable, ${made}: use that tcplens`,
  );
}

/** Reads all of it once. @throws RecordingError `damaged`, `cut_short`, `no_investigation` */
export function investigationIn(recording: Recording): Investigated {
  const losses = new Losses();
  let found: RecordedInvestigation | undefined;
  for (const part of recording.parts(losses)) if (part.sort === 'investigation') found = part.investigation;
  const { cut_at, ended } = losses;
  if (ended && found === undefined)
    throw new RecordingError(
      'no_investigation',
      `${recording.file} is of no investigation: "tcplens replay" feeds it to a collector; "tcplens investigate … --recording FILE" makes one that can be judged`,
    );
  if (cut_at !== undefined || !ended) {
    const where = cut_at === undefined ? 'has no end' : `is cut short at byte ${cut_at}`;
    throw new RecordingError(
      'cut_short',
      `${recording.file} ${where}, and a verdict on some of its rows would be another one: copy or download it again`,
    );
  }
  return { ...(found as RecordedInvestigation), notices: losses.sentences(recording.header) };
}
