// Investigations that leave as recordings, and are judged again.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

const recorded = unit('server/investigations/recorded');
const recording = unit('server/investigations/recording');
const alerts = unit('server/investigations/alerts');

export const serverRecordings: readonly Mutant[] = [
  ...mutantsOf('server/investigations/recorded.ts', [
    {
      why: 'the verdict rests on more rows than it did',
      find: 'if (known.length < judged_max) known.push(row);',
      replace: 'if (known.length <= judged_max) known.push(row);',
      suite: recorded,
    },
    {
      why: 'what another version says is believed',
      find: 'if (!Check(Recorded, told)) throw unreadable(recording);',
      replace: '',
      suite: recorded,
    },
  ]),
  ...mutantsOf('server/investigations/alerts.ts', [
    { why: 'a good alert starts something too', find: "status === 'firing' && ", replace: '', suite: alerts },
    { why: 'an alert that fires anew is the one of before', find: '`${fingerprint} ${startsAt}`', replace: 'fingerprint', suite: alerts },
  ]),
  ...mutantsOf('server/investigations/alert-routes.ts', [
    { why: 'the first that is wrong ends all', find: 'return error.message;', replace: 'throw error;', suite: alerts },
  ]),
  ...mutantsOf('server/investigations/time-order.ts', [
    {
      why: 'a page is left out',
      find: 'if (next.at >= next.page.length) await turnPage(next);',
      replace: 'if (next.at >= next.page.length) [next.page, next.at] = [[], 0];',
      suite: recorded,
    },
  ]),
  ...mutantsOf('server/investigations/download-routes.ts', [
    {
      why: 'command lines are for everybody',
      find: 'if (seesCommands(this.#reply.request.who)) return names;',
      replace: 'if (names) return names;',
      suite: recording,
    },
    {
      why: 'nobody is told whose file it was',
      find: "action: 'investigation_download', target: id,",
      replace: "action: 'investigation_download', target: '',",
      suite: recording,
    },
  ]),
];
