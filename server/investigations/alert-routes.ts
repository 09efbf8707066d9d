// The webhook of Alertmanager or Grafana, by which alerts start investigations.
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
      // Alertmanager logs this message. The other investigations of this notification were started all the same.
      if (refused.length > 0) throw new Refusal('alerts_refused', refused.join('; ').slice(0, 4000));
      return answer;
    },
  });

  /** Why an alert cannot start an investigation. @throws errors of the collector, after which Alertmanager tries again */
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
