// A certified OpenID provider in this process. It logs people in without asking them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Account = { accountId: string; claims: () => Promise<Record<string, unknown>> };
/** The used part of the package, which has no types. */
type Provider = {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  Grant: new (of: { clientId: string; accountId: string }) => { addOIDCScope(scope: string): void; save(): Promise<string> };
};
type ProviderClass = new (issuer: string, configuration: object) => Provider;

/** `public`: id of a client without a secret. */
export const CLIENT = { id: 'tcplens', secret: 'a secret of the client', public: 'tcplens-public' };

/** Longer than any test runs. */
const TTL_S = 3600;

export type OpenIdProvider = {
  issuer: string;
  /** Who is logged in from now on, with which groups. */
  login(name: string, groups: string[]): void;
  /** Allows to send browsers back to this URL. */
  allow(redirect_uri: string): void;
  close(): Promise<void>;
};

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const packageName = 'oidc-provider';
  const { Provider } = (await import(packageName)) as { Provider: ProviderClass };
  const clientsOf = (redirect_uri: string) => {
    const common = { redirect_uris: [redirect_uri], grant_types: ['authorization_code'], response_types: ['code'] };
    return [
      { client_id: CLIENT.id, client_secret: CLIENT.secret, ...common },
      { client_id: CLIENT.public, token_endpoint_auth_method: 'none', ...common },
    ];
  };
  let person = { name: '', groups: [] as string[] };
  let provider: Provider | undefined;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/interaction/'))
      void provider?.interactionFinished(request, response, { login: { accountId: person.name } });
    else provider?.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const make = (redirect_uri: string): Provider => {
    const made: Provider = new Provider(issuer, {
      clients: clientsOf(redirect_uri),
      pkce: { required: () => true },
      claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ['of the test'] },
      ttl: { Interaction: TTL_S, Grant: TTL_S, Session: TTL_S, AccessToken: TTL_S, IdToken: TTL_S, AuthorizationCode: TTL_S },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_context: unknown, accountId: string): Account => ({
        accountId,
        claims: async () => ({ sub: accountId, preferred_username: person.name, groups: person.groups }),
      }),
      loadExistingGrant: async (context: { oidc: { client: { clientId: string }; session: { accountId: string } } }) => {
        const grant = new made.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
        grant.addOIDCScope('openid profile email');
        await grant.save();
        return grant;
      },
    });
    return made;
  };
  return {
    issuer,
    login: (name, groups) => {
      person = { name, groups };
    },
    allow: (redirect_uri) => {
      provider = make(redirect_uri);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
