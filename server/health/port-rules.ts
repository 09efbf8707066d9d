// Problems of the port: no TLS, a certificate that ends soon, hosts that send too many requests.
import { count, names, span } from './phrases.ts';
import type { Rule } from './rule.ts';

const DAY_MS = 24 * 3600 * 1000;
/** The collector renews its own certificate a month before its end. Others are renewed by a person, who may need some days. */
export const CERTIFICATE_MS = { warning: 14 * DAY_MS, critical: 2 * DAY_MS } as const;

export const PORT_RULES = {
  plain_http: ({ port }) =>
    port.plain
      ? {
          severity: 'critical',
          sentence:
            'The collector listens beyond loopback without TLS (--insecure): who is in between can read, change and forge everything.',
          advice: 'Leave --insecure out: the collector then makes a certificate of its own, and agents that join trust it.',
        }
      : undefined,
  certificate_ending: ({ at_ms, port: { certificate_ends_ms } }) => {
    if (certificate_ends_ms === null || certificate_ends_ms - at_ms > CERTIFICATE_MS.warning) return undefined;
    const left_ms = certificate_ends_ms - at_ms;
    return {
      severity: left_ms > CERTIFICATE_MS.critical ? 'warning' : 'critical',
      sentence:
        left_ms > 0
          ? `The certificate ends in ${span(left_ms / 1000)}.`
          : `The certificate ended ${span(-left_ms / 1000)} ago: nobody connects any more.`,
      advice:
        'Renew the files of --tls-cert and --tls-key: the collector reads them again by itself. Its own it renews: see its log for why it has not.',
    };
  },
  agent_certificates_ending: ({ at_ms, agent_certificates }) => {
    const [first] = agent_certificates;
    if (first === undefined) return undefined;
    const when = (left_ms: number) => (left_ms > 0 ? `in ${span(left_ms / 1000)}` : `${span(-left_ms / 1000)} ago`);
    const each = agent_certificates.map(({ name, ends_ms }) => `${name} ${when(ends_ms - at_ms)}`);
    return {
      severity: first.ends_ms - at_ms > CERTIFICATE_MS.critical ? 'warning' : 'critical',
      sentence: `${count(each.length, 'host')} ${each.length === 1 ? 'has' : 'have'} a certificate that ends within 14 days, or has ended: ${names(each)}.`,
      advice: 'Give them others of the CA of --agent-client-ca, as --client-cert and --client-key, and start their agents again.',
    };
  },
  hosts_flooding: ({ floods }) =>
    floods.length === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `${count(floods.length, 'host')} asked more often than a host may within ten minutes, and had to wait: ${names(floods.map(({ name }) => name))}.`,
          advice:
            'Their rows wait in their spools. An agent does not ask so often: see what runs there, or revoke it with tcplens admin agents revoke.',
        },
  certificate_unusable: ({ port: { certificate_trouble } }) =>
    certificate_trouble === ''
      ? undefined
      : {
          severity: 'warning',
          sentence: `The newest certificate is not used: ${certificate_trouble}`,
          advice: 'The one before is in use until the files are right.',
        },
} as const satisfies Record<string, Rule>;
