// What leaves an investigation: its packets for Wireshark, its rows for other tools, and a report for people.
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { commentsOf } from '../../agent/exports/comments.ts';
import { reportHtml } from '../../agent/exports/report.ts';
import { type DeviceName, Pcapng } from '../../agent/pcapng/write.ts';
import { VERSION } from '../../agent/process/version.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { INVESTIGATIONS_API, InvestigationParams } from '../api/investigations.ts';
import { Problem } from '../api.ts';
import type { Control } from '../control.ts';
import type { App } from '../http.ts';
import type { Questions } from '../query/questions.ts';
import { rowPages } from '../storage/queries/asked-rows.ts';
import { oneOf } from './answers.ts';
import { askedRows, type Judging, judgingOf } from './judging.ts';
import { captureComment, reported } from './report-facts.ts';
import { rowLines } from './row-lines.ts';

const FILES = {
  packets: { type: 'application/x-pcapng', name: 'packets.pcapng' },
  rows: { type: 'application/x-ndjson', name: 'rows.ndjson' },
  report: { type: 'text/html; charset=utf-8', name: 'report.html' },
} as const;

const answers = (file: keyof typeof FILES) => ({
  200: { description: FILES[file].name, content: { [FILES[file].type]: { schema: Type.String() } } },
  '4xx': Problem,
  '5xx': Problem,
});

export function registerDownloads(app: App, { control, questions }: { control: Control; questions: Questions }): void {
  const { book, states } = control.investigations;
  const judged = (reply: FastifyReply, id: string) =>
    questions.answerOnce(reply, `judging ${id}`, (store) => judgingOf(store, states, book.get(id)));
  const asked = async (reply: FastifyReply, id: string) =>
    (await questions.answer(reply, (store) => askedRows(store, states, book.get(id)))).asked;
  const asking =
    (reply: FastifyReply): Parameters<typeof rowPages>[0] =>
    (find) =>
      questions.answer(reply, find);
  app.get(INVESTIGATIONS_API.packets, {
    schema: {
      summary:
        'The headers of its packets, of all hosts, as pcapng: an interface for each device, and as comments what is known of a packet',
      params: InvestigationParams,
      response: answers('packets'),
    },
    handler: async ({ params: { id } }, reply) => {
      const judging = await judged(reply, id);
      const rows = await asked(reply, id);
      const { at_hosts } = await questions.answer(reply, (store) => oneOf(control, store, book.get(id)));
      const section = { application: `tcplens ${VERSION}`, comment: captureComment(book.get(id), at_hosts, judging) };
      return send(reply, 'packets', id, blocks(rowPages(asking(reply), 'packet', rows), section, judging, deviceNames(control)));
    },
  });
  app.get(INVESTIGATIONS_API.rows, {
    schema: {
      summary: 'Its rows of all kinds as NDJSON, in the order of their times: an object a line, with the members of rows.h',
      params: InvestigationParams,
      response: answers('rows'),
    },
    handler: async ({ params: { id } }, reply) => {
      const rows = await asked(reply, id);
      return send(reply, 'rows', id, rowLines(KIND.map((kind) => rowPages(asking(reply), kind, rows))));
    },
  });
  app.get(INVESTIGATIONS_API.report, {
    schema: {
      summary: 'What it has found as one HTML file that needs no network and no script',
      params: InvestigationParams,
      response: answers('report'),
    },
    handler: async ({ params: { id } }, reply) => {
      const judging = await judged(reply, id);
      const told = await questions.answer(reply, (store) => oneOf(control, store, book.get(id)));
      return send(reply, 'report', id, [reportHtml(reported(told, judging, Date.now()))]);
    },
  });
}

function send(reply: FastifyReply, file: keyof typeof FILES, id: string, pieces: Iterable<string> | AsyncIterable<string | Buffer>) {
  const { type, name } = FILES[file];
  return reply.type(type).header('content-disposition', `attachment; filename="tcplens-${id}-${name}"`).send(Readable.from(pieces));
}

async function* blocks(
  pages: ReturnType<typeof rowPages<'packet'>>,
  section: { application: string; comment: string },
  { evidence: { connection }, judged: { verdicts } }: Judging,
  nameOf: DeviceName,
): AsyncGenerator<Buffer> {
  const comment = commentsOf({ connection }, verdicts);
  const pcapng = new Pcapng(section, nameOf);
  yield pcapng.begin;
  for await (const page of pages) {
    yield Buffer.concat(page.map((row) => pcapng.blockOf({ row, comment: comment(row) })));
    await nextTurn();
  }
}

/** Each by its host: several hosts have a device 2. */
function deviceNames(control: Control): DeviceName {
  const names = new Map<bigint, string>();
  return ({ host_id, netns, ifindex }) => {
    const known = names.get(host_id) ?? nameOfHost(control, host_id.toString(16).padStart(16, '0'));
    names.set(host_id, known);
    return `${known} netns ${netns} device ${ifindex}`;
  };
}

const nameOfHost = (control: Control, id: string): string => control.hostOf(id).name || id;
