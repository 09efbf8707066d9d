// An investigation that two hosts have run, with the rows of a made-up path between them.
import { EVIDENCE_KINDS, type Evidence } from '../../../agent/verdict/evidence.ts';
import { INVESTIGATIONS_API, type Verdict } from '../../../server/api/investigations.ts';
import { Journey } from '../../agent/verdict/path.ts';
import { randomOf } from '../../investigations/judged.ts';
import { until } from './collector.ts';
import type { Agent, useControlled } from './controlled.ts';
import { ASKED, running } from './investigating.ts';
import { placed, sendAll } from './journeyed.ts';

const PATH = { lost_out: 0.1, lost_back: 0.1, late: 0, twice: 0, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };
const SLOT = 3;

/** A hostile process name. */
export const COMM = '<b>"a&\u202eb';
export const NAME = '<img src=x onerror=alert(1)>';
export const NOTE = "</title><script>alert('note')</script>";

export type Investigated = { id: string; evidence: Evidence; agents: Agent[] };

/** Resolves when all of their rows are stored. */
export async function investigated({ admin, lineOf, join, connect, url }: ReturnType<typeof useControlled>): Promise<Investigated> {
  const line = await lineOf('prod');
  const agents = [await connect(await join(line, NAME)), await connect(await join(line, 'receiver'))];
  const { body } = await admin(INVESTIGATIONS_API.investigations, { ...ASKED, detail: 'packets', for_ms: 600_000, note: NOTE });
  const id = String(body['id']);
  for (const { wanted } of agents)
    await until(
      () => wanted.at(-1)?.length,
      (count) => count === 1,
    );
  const hosts = agents.map(({ host }) => host);
  const evidence = placed(new Journey(PATH, randomOf(7), 3, 60).evidence, hosts, Date.now(), { filters: 1 << SLOT, comm: COMM, pid: 7 });
  await sendAll(url(), evidence, hosts);
  for (const { host, say, socket } of agents) {
    const own = EVIDENCE_KINDS.flatMap((kind) => evidence[kind].filter(({ host_id }) => host_id === BigInt(`0x${host.host_id}`)));
    const states = [running(id, { slot: SLOT, passed: own.length, matched: own.length + 5, over_budget: 5 })];
    const tell = () => say({ type: 'investigations', states });
    tell();
    // Repeated as agents do, since the collector takes a silent host for gone.
    const telling = setInterval(tell, 1000);
    socket.once('close', () => clearInterval(telling));
  }
  const all = EVIDENCE_KINDS.reduce((sum, kind) => sum + evidence[kind].length, 0);
  await until(
    async () => (await admin(INVESTIGATIONS_API.verdict.replace(':id', id))).body as Verdict,
    ({ rows }) => rows.stored === all && rows.written === all,
  );
  return { id, evidence, agents };
}
