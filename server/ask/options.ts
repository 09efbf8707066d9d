// The options of `tcplens ask`.
import { COMMON_OPTIONS } from '../../agent/process/common-options.ts';
import type { OptionTable, OptionValues } from '../../agent/process/options.ts';
import { oneOf, parseCount, parseDuration, parseMoment, parseUrl } from '../../agent/process/units.ts';

export const ASK_OPTIONS = {
  metrics: {
    flags: '--metrics <names>',
    help: 'what is asked for, with commas between them: at most 8',
    parse: String,
    fallback: 'retransmit_ratio',
  },
  by: { flags: '--by <names>', help: 'by what, with commas between them: at most 3, also label.NAME', parse: String },
  last: { flags: '--last <duration>', help: 'of which time, until now', parse: parseDuration, fallback: '15m' },
  from: { flags: '--from <time>', help: 'or from this time, like 2026-01-31T10:00Z', parse: parseMoment },
  to: { flags: '--to <time>', help: 'until this time (default: now)', parse: parseMoment },
  step: {
    flags: '--step <step>',
    help: 'none: one figure for all of it; auto; or seconds that divide a day evenly',
    parse: String,
    fallback: 'none',
  },
  earlier: { flags: '--earlier <duration>', help: 'compare with the time so much earlier: 1d, 7d', parse: parseDuration },
  top: { flags: '--top <count>', help: 'groups by themselves; all others are one', parse: parseCount(1, 100), fallback: '10' },
  sort: { flags: '--sort <metric>', help: 'the metric whose largest groups are shown (default: the first)', parse: String },
  order: {
    flags: '--order <order>',
    help: 'largest, or moved: those that have changed most since the earlier time',
    parse: oneOf(['largest', 'moved']),
    fallback: 'largest',
  },
  differs: { flags: '--differs', help: 'in place of figures: which values explain how one metric has changed since the time before' },
  names: { flags: '--names', help: 'in place of figures: the metrics and dimensions that there are' },
  json: { ...COMMON_OPTIONS.json, help: 'print the answer as the API gives it' },
  csv: { flags: '--csv', help: 'print CSV' },
  parquet: { flags: '--parquet <file>', help: 'write a Parquet file', parse: String },
  collector: {
    flags: '--collector <url>',
    help: 'whom to ask',
    parse: parseUrl,
    fallback: 'http://127.0.0.1:8600',
  },
  tokenFile: COMMON_OPTIONS.tokenFile,
  ca: COMMON_OPTIONS.ca,
} as const satisfies OptionTable;

export type AskConfig = OptionValues<typeof ASK_OPTIONS>;
