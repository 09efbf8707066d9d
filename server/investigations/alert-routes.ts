// How alerts start investigations: the webhook that Alertmanager or Grafana calls.
import { ConfigError } from '../../agent/process/errors.ts';
import { type Alert, AlertsAnswer, AlertsBody } from '../api/alerts.ts';
import { INVESTIGATIONS_API } from '../api/investigations.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { askedBy, idOf, isAsking, nameOf } from './alerts.ts';
import { checkAsked, type InvestigationsBook } from './book.ts';

export type AlertRouteParts = { book: InvestigationsBook; audit: Audit };

export function registerAlerts(app: App, { book, audit }: AlertRouteParts): void {
  app.post(INVESTIGATIONS_API.alerts, {
    schema: {
      summary: 'Alertmanager’s webhook: start what the annotations of firing alerts ask for, each alert once',
      body: AlertsBody,
      response: { 200: AlertsAnswer, '4xx': Problem, '5xx': Problem },
    },
    handler: async (request) => {
      const asking = request.body.alerts.filter(isAsking);
      const answer: AlertsAnswer = { started: [], known: [], left_alone: request.body.alerts.length - asking.length };
      const refused: string[] = [];
      for (const alert of asking) {
        const id = idOf(alert);
        const told = { alert: nameOf(alert), id };
        if (book.find(id)) {
          answer.known.push(told);
          continue;
        }
        const doing = { action: 'investigation_start', target: nameOf(alert), detail: 'by an alert' } as const;
        await audit
          .of(request, doing, () => start(alert, request.who.name))
          .then(
            () => answer.started.push(told),
            (error: unknown) => refused.push(`alert ${told.alert}: ${whyNot(error)}`),
          );
      }
      // Alertmanager logs what is said here; those that could be started were.
      if (refused.length > 0) throw new Refusal('alerts_refused', refused.join('; ').slice(0, 4000));
      return answer;
    },
  });

  /** @throws what is no fault of the alert's: Alertmanager tries that again */
  function whyNot(error: unknown): string {
    if (error instanceof ConfigError || (error instanceof Refusal && error.status < 500)) return error.message;
    throw error;
  }

  async function start(alert: Alert, made_by: string): Promise<void> {
    const asked = askedBy(alert);
    checkAsked(asked);
    await book.start(asked, made_by, Date.now(), idOf(alert));
  }
}
