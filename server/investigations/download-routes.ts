// Downloads of an investigation: packets for Wireshark, rows for other tools, a report for people, and a recording that can be judged again
// elsewhere. Each download is in the audit.
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { hex64 } from '../../agent/contract/hex64.ts';
import { reportHtml } from '../../agent/exports/report.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { INVESTIGATIONS_API, InvestigationParams } from '../api/investigations.ts';
import { Problem } from '../api.ts';
import type { Control } from '../control.ts';
import type { Audit } from '../door/audit.ts';
import { seesCommands } from '../door/principal.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import type { Questions } from '../query/questions.ts';
import { type AskedRows, beginOf, rowPages, rowsStored } from '../storage/queries/asked-rows.ts';
import { recordedNames } from '../storage/queries/recorded-names.ts';
import { oneOf } from './answers.ts';
import { captureOf } from './capture.ts';
import { askedRows, judgingOf } from './judging.ts';
import { recordingOf } from './recording.ts';
import { reported } from './report-facts.ts';
import { rowLines } from './row-lines.ts';

const FILES = {
  packets: {
    type: 'application/x-pcapng',
    name: 'packets.pcapng',
    summary: 'The headers of its packets, of all hosts, as pcapng: an interface for each device, and as comments what is known of a packet',
  },
  rows: {
    type: 'application/x-ndjson',
    name: 'rows.ndjson',
    summary: 'Its rows of all kinds as NDJSON, in the order of their times: an object a line, with the members of rows.h',
  },
  report: {
    type: 'text/html; charset=utf-8',
    name: 'report.html',
    summary: 'What it has found as one HTML file that needs no network and no script',
  },
  recording: {
    type: 'application/octet-stream',
    name: 'recording.tcplens',
    summary:
      'All its rows, with names (command lines for operators), and what else its verdict rests on: "tcplens investigate --replay FILE" judges it again, anywhere',
  },
} as const;
type FileName = keyof typeof FILES;
type Pieces = Iterable<string> | AsyncIterable<string | Buffer>;

export type DownloadParts = { control: Control; audit: Audit; questions: Questions };

export function registerDownloads(app: App, parts: DownloadParts): void {
  for (const file of Object.keys(FILES) as FileName[]) {
    const { type, name, summary } = FILES[file];
    const found = { description: name, content: { [type]: { schema: Type.String() } } };
    app.get(INVESTIGATIONS_API[file], {
      schema: { summary, params: InvestigationParams, response: { 200: found, '4xx': Problem, '5xx': Problem } },
      handler: (request, reply) => {
        const { id } = request.params;
        return parts.audit.of(request, { action: 'investigation_download', target: id, detail: name }, async () =>
          send(reply, file, id, await new Download(parts, reply, id)[file]()),
        );
      },
    });
  }
}

function send(reply: FastifyReply, file: FileName, id: string, pieces: Pieces) {
  const { type, name } = FILES[file];
  return reply.type(type).header('content-disposition', `attachment; filename="tcplens-${id}-${name}"`).send(Readable.from(pieces));
}

/** Makes the files of one investigation for one request. */
class Download implements Record<FileName, () => Promise<Pieces>> {
  readonly #control: Control;
  readonly #questions: Questions;
  readonly #reply: FastifyReply;
  readonly #id: string;

  constructor({ control, questions }: DownloadParts, reply: FastifyReply, id: string) {
    this.#control = control;
    this.#questions = questions;
    this.#reply = reply;
    this.#id = id;
  }

  async packets(): Promise<Pieces> {
    const judging = await this.#judging();
    const { asked } = await this.#asked();
    const one = await this.#one();
    return captureOf(rowPages(this.#asking, 'packet', asked), one, judging, this.#nameOf);
  }

  async rows(): Promise<Pieces> {
    return rowLines(this.#kinds((await this.#asked()).asked));
  }

  async report(): Promise<Pieces> {
    const judging = await this.#judging();
    return [reportHtml(reported(await this.#one(), judging, Date.now()))];
  }

  async recording(): Promise<Pieces> {
    const { asked, written } = await this.#asked();
    const stored = await this.#asking((store) => rowsStored(store, asked));
    const rows = { written, stored };
    const told = { investigation: await this.#one(), rows, judged_max: LIMITS.evidence_rows.number, recorded_at_ms: Date.now() };
    const hosts = asked.hosts.map((at) => {
      const host_id = hex64(at.host_id);
      return { host_id, name: this.#nameOf(host_id) };
    });
    return recordingOf({
      told,
      hosts,
      from_ms: beginOf(asked),
      kinds: this.#kinds(asked),
      namesOf: async (mentioned) => {
        const names = await this.#asking((store) => recordedNames(store, mentioned, asked.to_ms));
        if (seesCommands(this.#reply.request.who)) return names;
        return { ...names, processes: names.processes.map((process) => ({ ...process, command: '' })) };
      },
    });
  }

  readonly #asking: Parameters<typeof rowPages>[0] = (find) => this.#questions.answer(this.#reply, find);
  readonly #nameOf = (host_id: string): string => this.#control.hostOf(host_id).name || host_id;

  get #investigation() {
    return this.#control.investigations.book.get(this.#id);
  }

  #judging() {
    const { states } = this.#control.investigations;
    return this.#questions.answerOnce(this.#reply, `judging ${this.#id}`, (store) => judgingOf(store, states, this.#investigation));
  }

  #asked() {
    return this.#asking((store) => askedRows(store, this.#control.investigations.states, this.#investigation));
  }

  #one() {
    return this.#asking((store) => oneOf(this.#control, store, this.#investigation));
  }

  #kinds(asked: AskedRows) {
    return KIND.map((kind) => rowPages(this.#asking, kind, asked));
  }
}
