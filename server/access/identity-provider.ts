// An OpenID provider at which people log in: code flow with PKCE, state and nonce.
import * as oidc from 'openid-client';
import { reasonOf } from '../../agent/process/errors.ts';
import type { OidcConfig } from '../door/people-options.ts';
import { Refusal } from '../errors.ts';
import { ROLES, type Role } from './records.ts';

const ANSWER_S_MAX = 10;
const NAME_MAX = 64;

/** The browser keeps these in a cookie until the provider sends it back. */
export type Flow = { state: string; nonce: string; verifier: string };
export type Person = { name: string; role: Role };

export class IdentityProvider {
  readonly #config: OidcConfig;
  #found: Promise<oidc.Configuration> | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
  }

  /** @param redirect_uri where the provider sends the browser back to. @throws Refusal `oidc_failed` */
  async start(redirect_uri: string): Promise<{ url: string; flow: Flow }> {
    const configuration = await this.#discovered();
    const flow = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri,
      scope: this.#config.scopes,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, flow };
  }

  /** @param url to which the provider sent the browser back. @throws Refusal `oidc_failed`, `oidc_no_role` */
  async finish(url: URL, { state, nonce, verifier }: Flow): Promise<Person> {
    const configuration = await this.#discovered();
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      return this.#person(await claimsOf(configuration, tokens));
    } catch (error) {
      throw error instanceof Refusal ? error : failed(error);
    }
  }

  #person(claims: Readonly<Record<string, unknown>>): Person {
    const { roleClaim, roles } = this.#config;
    const name = [claims['preferred_username'], claims['email'], claims['sub']].find((one) => typeof one === 'string' && one !== '');
    const groups = [claims[roleClaim]].flat();
    const role = ROLES.findLast((one) => groups.some((group) => typeof group === 'string' && roles.get(group) === one));
    if (role === undefined) throw new Refusal('oidc_no_role', `${name}: no group in the claim ${roleClaim} has a role here (--oidc-roles)`);
    return { name: String(name).slice(0, NAME_MAX), role };
  }

  /** Discovery runs at the first log-in, and again after a failure: the collector may start before the provider. */
  #discovered(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    // Plain HTTP is allowed only for a provider on this machine.
    const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
    this.#found ??= oidc
      .discovery(new URL(issuer), clientId, clientSecret, undefined, { timeout: ANSWER_S_MAX, execute })
      .catch((error) => {
        this.#found = undefined;
        throw failed(error);
      });
    return this.#found;
  }
}

/** Some providers put the claims into the ID token; others answer them from the userinfo endpoint. */
async function claimsOf(
  configuration: oidc.Configuration,
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
): Promise<Record<string, unknown>> {
  const claims = { ...tokens.claims() };
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...claims, ...(await oidc.fetchUserInfo(configuration, tokens.access_token, String(claims['sub']))) };
}

function failed(cause: unknown): Refusal {
  return new Refusal('oidc_failed', `the identity provider let nobody in: ${reasonOf(cause)}`, { cause });
}
