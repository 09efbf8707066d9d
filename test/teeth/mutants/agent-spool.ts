// The agent's spool.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agentSpool: readonly Mutant[] = [
  ...mutantsOf('agent/spool/record.ts', [
    { why: 'a damaged payload is sound', find: ' && crc32(payload) === payload_crc', replace: '', suite: unit('agent/spool/cases') },
    {
      why: 'a damaged header is read',
      find: '|| crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)',
      replace: '',
      suite: unit('agent/spool/cases'),
    },
  ]),
  ...mutantsOf('agent/spool/segment.ts', [
    { why: 'a settled batch still waits', find: 'this.#waiting_batches--;', replace: '', suite: unit('agent/spool/cases') },
    {
      why: 'rows that are done still wait',
      find: 'this.waiting.remove(head);',
      replace: '',
      suite: unit('agent/spool/spool.property'),
    },
  ]),
  ...mutantsOf('agent/spool/leases.ts', [
    {
      why: 'a batch under way is named lost with its segment',
      find: 'if (of === segment) lost.remove(record.head);',
      replace: '',
      suite: unit('agent/spool/spool.property'),
    },
  ]),
  ...mutantsOf('agent/spool/segments.ts', [
    { why: 'batches are not flushed', find: 'await this.#open?.file.sync().catch', replace: '', suite: unit('agent/spool/power-cut') },
    {
      why: 'the name of a new file is not flushed',
      find: 'if (this.#new_name) await this.#disk.syncDirectory(this.#directory);',
      replace: '',
      suite: unit('agent/spool/power-cut'),
    },
  ]),
  ...mutantsOf('agent/spool/disk-spool.ts', [
    {
      why: 'what is too old is sent',
      find: 'if (payload !== undefined && !expired)',
      replace: 'if (payload !== undefined)',
      suite: unit('agent/spool/cases'),
    },
    {
      why: 'the disk may have more than its share',
      find: 'await this.#keepWithin(batch.payload.length, now_ms);',
      replace: '',
      suite: unit('agent/spool/cases'),
    },
    {
      why: 'batches are written and not flushed',
      find: 'if (this.#parts.segments.wants_sync) await this.#parts.segments.sync();',
      replace: '',
      suite: unit('agent/spool/cases'),
    },
  ]),
  ...mutantsOf('agent/spool/removal.ts', [
    {
      why: 'files go before the books know',
      find: 'await this.#keeper.write(true).catch(() => undefined);',
      replace: '',
      suite: unit('agent/spool/power-cut'),
    },
  ]),
  ...mutantsOf('agent/spool/recover.ts', [
    { why: 'a name is used again', find: '...books.gone) + 1', replace: '...books.gone)', suite: unit('agent/spool/cases') },
    {
      why: 'who died without a batch is in no account',
      find: "if (died > 0) accounting.add(epoch, kind, 'died', died, now_ms);",
      replace: 'if (died > 0) {}',
      suite: unit('agent/spool/cases'),
    },
    {
      why: 'segments that have gone are not missed',
      find: 'if (!numbers.includes(number)) damaged.addAll(waiting);',
      replace: 'if (false) damaged.addAll(waiting);',
      suite: unit('agent/spool/cases'),
    },
  ]),
];
