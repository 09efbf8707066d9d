// Options of more than one command, each defined once.
import { numberIn } from '../contract/setting-form.ts';
import { SETTINGS } from '../contract/settings.ts';
import { LOG_LEVELS } from './log-levels.ts';
import type { OptionTable } from './options.ts';
import { oneOf, parseCount, parseDuration, parseEndpoint, parseUrl } from './units.ts';

export const COMMON_OPTIONS = {
  interval: {
    flags: '--interval <duration>',
    help: SETTINGS.interval.help,
    parse: (text: string) => numberIn(SETTINGS.interval.form, text),
    fallback: '10s',
  },
  replay: { flags: '--replay <file>', help: 'rows from a recording in place of the kernel; needs no root', parse: String },
  loop: { flags: '--loop', help: 'begin the replay again when it ends' },
  duration: { flags: '--duration <duration>', help: 'stop after this long', parse: parseDuration },
  limit: { flags: '--limit <rows>', help: 'stop after this many rows', parse: parseCount(1, Number.MAX_SAFE_INTEGER) },
  json: { flags: '--json', help: 'print JSON' },
  otlp: {
    flags: '--otlp <url>',
    help: 'OTLP/HTTP receiver to export metrics to, without /v1/metrics',
    parse: parseUrl,
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  },
  metrics: {
    flags: '--metrics <address>',
    help: 'where Prometheus finds /metrics of the agent, or "none"',
    parse: parseEndpoint,
    fallback: '127.0.0.1:8601',
  },
  logLevel: {
    flags: '--log-level <level>',
    help: `${SETTINGS['log-level'].help}: ${LOG_LEVELS.join(', ')}`,
    parse: oneOf(LOG_LEVELS),
    fallback: 'info',
    env: 'TCPLENS_LOG_LEVEL',
  },
  tokenFile: {
    flags: '--token-file <file>',
    help: 'a token for the collector, as "tcplens admin token make" prints it',
    parse: String,
    env: 'TCPLENS_TOKEN_FILE',
  },
  ca: {
    flags: '--ca <file>',
    help: 'the CA of the collector’s certificate, PEM: tls/ca.pem in its --data, unless it has a certificate that every machine trusts',
    parse: String,
    env: 'TCPLENS_CA',
  },
  exitWithParent: { flags: '--exit-with-parent', help: 'stop when the IPC channel to the parent closes', hidden: true },
} as const satisfies OptionTable;
