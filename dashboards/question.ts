// Names of the current questions, by which the collector reports their progress.
import type { QuestionProgress } from '../server/api.ts';
import { fetchInTime } from './in-time.ts';

/** The header in which a question has its name. */
export const QUESTION_HEADER = 'x-question-id';
const PATH = '/api/v1/questions/';
const NAME_BYTES = 16;

/** By the signal that aborts them: one attempt may ask several questions. */
const asked = new WeakMap<AbortSignal, string[]>();

/** A new name for a question that `signal` aborts. */
export function nameOf(signal: AbortSignal): string {
  const name = [...crypto.getRandomValues(new Uint8Array(NAME_BYTES))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  asked.set(signal, [...(asked.get(signal) ?? []), name]);
  return name;
}

export type Progress = Pick<QuestionProgress, 'rows_read' | 'rows'>;

/** The progress of the questions that `signal` aborts; undefined if unknown. */
export async function progressOf(signal: AbortSignal): Promise<Progress | undefined> {
  const told = await Promise.all((asked.get(signal) ?? []).map((name) => tell(name, signal)));
  const known = told.filter((each) => each !== undefined && each.rows > 0) as Progress[];
  if (known.length === 0) return undefined;
  return { rows_read: known.reduce((sum, each) => sum + each.rows_read, 0), rows: known.reduce((sum, each) => sum + each.rows, 0) };
}

async function tell(name: string, signal: AbortSignal): Promise<Progress | undefined> {
  try {
    const response = await fetchInTime(fetch, PATH + name, {}, signal);
    return response.ok ? ((await response.json()) as QuestionProgress) : undefined;
  } catch {
    return undefined;
  }
}
