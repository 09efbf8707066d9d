// The collector's options about log-in of people: by an identity provider, or by a proxy that has authenticated them.
import { readFileSync } from 'node:fs';
import { ConfigError, reasonOf } from '../../agent/process/errors.ts';
import { isLoopback } from '../../agent/process/loopback.ts';
import type { OptionTable, OptionValues } from '../../agent/process/options.ts';
import { oneOf } from '../../agent/process/units.ts';
import { ROLES, type Role } from '../access/records.ts';

const parseRole = oneOf(ROLES);

export const PEOPLE_OPTIONS = {
  proxyUserHeader: {
    flags: '--proxy-user-header <name>',
    help: 'header in which such a proxy says who has logged in there',
    parse: headerName,
    env: 'TCPLENS_PROXY_USER_HEADER',
  },
  proxyRole: {
    flags: '--proxy-role <role>',
    help: 'role of whom such a proxy names, unless "tcplens admin user" gives another: viewer, operator or admin',
    parse: parseRole,
    fallback: 'viewer',
    env: 'TCPLENS_PROXY_ROLE',
  },
  oidcIssuer: {
    flags: '--oidc-issuer <url>',
    help: 'OpenID provider at which people log in; what it sends them back to is /oidc/back here',
    parse: issuer,
    env: 'TCPLENS_OIDC_ISSUER',
  },
  oidcClientId: {
    flags: '--oidc-client-id <id>',
    help: 'what this collector is called there',
    parse: String,
    env: 'TCPLENS_OIDC_CLIENT_ID',
  },
  oidcClientSecretFile: {
    flags: '--oidc-client-secret-file <file>',
    help: 'file with its secret there, if it has one',
    parse: secretIn,
    env: 'TCPLENS_OIDC_CLIENT_SECRET_FILE',
  },
  oidcScopes: {
    flags: '--oidc-scopes <scopes>',
    help: 'what it asks to know of a person',
    parse: String,
    fallback: 'openid profile email',
    env: 'TCPLENS_OIDC_SCOPES',
  },
  oidcRoleClaim: {
    flags: '--oidc-role-claim <name>',
    help: 'claim with a person’s groups: a list, or one',
    parse: String,
    fallback: 'groups',
    env: 'TCPLENS_OIDC_ROLE_CLAIM',
  },
  oidcRoles: {
    flags: '--oidc-roles <group=role,...>',
    help: 'which groups have which role, as in tcplens-admins=admin,staff=viewer; who is in none of them is not let in',
    parse: roles,
    env: 'TCPLENS_OIDC_ROLES',
  },
} as const satisfies OptionTable;

export type PeopleConfig = OptionValues<typeof PEOPLE_OPTIONS>;
export type OidcConfig = {
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  scopes: string;
  roleClaim: string;
  roles: ReadonlyMap<string, Role>;
};

/** undefined: no identity provider is configured */
export function oidcOf(config: PeopleConfig): OidcConfig | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcRoles, oidcScopes: scopes, oidcRoleClaim: roleClaim } = config;
  if (issuer === undefined || clientId === undefined || oidcRoles === undefined) return undefined;
  return { issuer, clientId, clientSecret: config.oidcClientSecretFile, scopes, roleClaim, roles: oidcRoles };
}

/** What is wrong with options that contradict each other; '' where all is well. */
export function peopleTrouble(config: PeopleConfig & { trustedProxy?: readonly string[] | undefined }): string {
  const { oidcIssuer, oidcClientId, oidcRoles, proxyUserHeader, trustedProxy } = config;
  if (proxyUserHeader !== undefined && trustedProxy === undefined)
    return '--proxy-user-header needs --trusted-proxy: else anybody could send that header.';
  const given = [oidcIssuer, oidcClientId, oidcRoles].filter((one) => one !== undefined).length;
  if (given > 0 && given < 3) return '--oidc-issuer, --oidc-client-id and --oidc-roles come together: give all three, or none.';
  return '';
}

function headerName(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(text)) return text.toLowerCase();
  throw new ConfigError('bad_value', `"${text}" is not the name of a header: it has letters, digits and -`);
}

function issuer(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return text;
  throw new ConfigError('bad_value', `"${text}" is no issuer: write its https:// URL, as its discovery document has it`);
}

function secretIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError('bad_value', `cannot read the secret in ${path} (${reasonOf(cause)})`, { cause });
  }
}

function roles(text: string): Map<string, Role> {
  return new Map(
    text.split(',').map((one) => {
      const at = one.lastIndexOf('=');
      if (at < 1) throw new ConfigError('bad_value', `"${one}" is not a group and its role: write it like staff=viewer`);
      return [one.slice(0, at).trim(), parseRole(one.slice(at + 1).trim())];
    }),
  );
}
