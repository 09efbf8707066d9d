// Recordings of several hosts, and of investigations.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

const replay = unit('agent/recording/replay-source');

export const agentRecordings: readonly Mutant[] = [
  ...mutantsOf('agent/recording/move-rows.ts', [
    {
      why: 'rows of all hosts are one host’s',
      find: 'if (view.getBigUint64(at + HEAD_AT.host_id, true) !== host_id) continue;',
      replace: '',
      suite: replay,
    },
  ]),
  ...mutantsOf('agent/recording/investigation.ts', [
    {
      why: 'a part of an investigation is judged',
      find: 'if (cut_at !== undefined || !ended) {',
      replace: 'if (found === undefined) {',
      suite: unit('server/investigations/recorded'),
    },
  ]),
  ...mutantsOf('agent/recording/encode-row.ts', [
    {
      why: 'large numbers lose bits',
      find: 'BigInt(value as number | bigint | boolean)',
      replace: 'BigInt(Number(value))',
      suite: unit('agent/recording/encode-row'),
    },
  ]),
];
