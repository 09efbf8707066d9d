// Routes for people: start, follow and end investigations.
import { lookWords } from '../../agent/contract/detail.ts';
import { isHost } from '../../agent/contract/language/hosts.ts';
import { Done } from '../api/access.ts';
import {
  INVESTIGATIONS_API,
  InvestigationParams,
  InvestigationStart,
  InvestigationStarted,
  Investigations as InvestigationsAnswer,
  OneInvestigation,
  Verdict,
} from '../api/investigations.ts';
import { Problem } from '../api.ts';
import type { Control } from '../control.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import type { Questions } from '../query/questions.ts';
import type { Queryable } from '../storage/engine.ts';
import { type Namer, storedFilter } from '../storage/language/names.ts';
import type { Store } from '../storage/store.ts';
import { answerOf, knownHosts, oneOf } from './answers.ts';
import { checkAsked } from './book.ts';
import { estimateOf } from './estimate.ts';
import { judgingOf } from './judging.ts';
import { verdictOf } from './verdict.ts';

export type InvestigationRouteParts = {
  control: Control;
  audit: Audit;
  questions: Questions;
  namer: Namer;
  store: Pick<Store, 'removeInvestigation'>;
};

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerInvestigations(app: App, parts: InvestigationRouteParts): void {
  const { control, audit, questions, store } = parts;
  const { book } = control.investigations;
  app.get(INVESTIGATIONS_API.investigations, {
    schema: { summary: 'The investigations that there are', response: { 200: InvestigationsAnswer, ...refusals } },
    handler: async () => ({ investigations: book.list().map((one) => answerOf(one, Date.now())) }),
  });
  app.post(INVESTIGATIONS_API.investigations, {
    schema: {
      summary: 'Look at some connections more closely for some time, on the hosts that are named',
      body: InvestigationStart,
      response: { 200: InvestigationStarted, ...refusals },
    },
    handler: async (request, reply) => {
      const { body, who } = request;
      const meant = checkAsked(body);
      const hosts = knownHosts(control).filter((host_id) => isHost(meant, control.hostOf(host_id))).length;
      if (body.dry_run) return { id: '', hosts, estimate: await questions.answer(reply, (store) => estimated(parts, store, body)) };
      const doing = { action: 'investigation_start', target: body.expression.slice(0, 200), detail: detailText(body) } as const;
      const id = await audit.of(request, doing, () => book.start(body, who.name, Date.now()));
      return { id, hosts, estimate: null };
    },
  });
  app.get(INVESTIGATIONS_API.investigation, {
    schema: {
      summary: 'One investigation, and how far it has come at each host',
      params: InvestigationParams,
      response: { 200: OneInvestigation, ...refusals },
    },
    handler: ({ params: { id } }, reply) => questions.answer(reply, (store) => oneOf(control, store, book.get(id))),
  });
  app.get(INVESTIGATIONS_API.verdict, {
    schema: {
      summary: 'Why segments of the connections that it followed were sent again, by the rows of all its hosts that are stored by now',
      params: InvestigationParams,
      response: { 200: Verdict, ...refusals },
    },
    handler: ({ params: { id } }, reply) =>
      questions.answerOnce(reply, `verdict ${id}`, async (store) =>
        verdictOf(await judgingOf(store, control.investigations.states, book.get(id))),
      ),
  });
  app.post(INVESTIGATIONS_API.stop, {
    schema: { summary: 'End an investigation now', params: InvestigationParams, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'investigation_stop', target: request.params.id }, async () => {
        await book.stop(request.params.id, Date.now());
        return { done: true as const };
      }),
  });
  app.delete(INVESTIGATIONS_API.investigation, {
    schema: {
      summary: 'Forget an investigation; one that runs ends. Its rows stay for as long as rows are kept',
      params: InvestigationParams,
      response: { 200: Done, ...refusals },
    },
    handler: (request) =>
      audit.of(request, { action: 'investigation_remove', target: request.params.id }, async () => {
        await book.remove(request.params.id);
        await store.removeInvestigation(request.params.id);
        return { done: true as const };
      }),
  });
}

async function estimated({ namer }: InvestigationRouteParts, store: Queryable, { expression, hosts }: InvestigationStart) {
  const asking = { ...namer, store };
  return estimateOf(store, await storedFilter(asking, expression), await storedFilter(asking, hosts), Date.now());
}

function detailText({ hosts, detail, user_stacks = false, rows_per_s, for_ms }: InvestigationStart): string {
  return `${hosts.trim() || 'all hosts'}; ${lookWords({ detail, user_stacks })}; ${rows_per_s}/s for ${for_ms / 1000} s`.slice(0, 1000);
}
