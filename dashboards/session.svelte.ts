// The user of this browser. After each answer that requires a log-in, the user is asked for again, which leads to the login page.
import type { Me } from '../server/api.ts';
import { createPeopleClient } from './people-client.ts';

const RETRY_MS = 2000;

class Session {
  /** null until the collector has answered */
  me = $state.raw<Me | null>(null);
  /** why the collector has not answered */
  problem = $state('');
  /** a user who may look without a log-in wants to log in */
  wanted = $state(false);

  /** The browser's `fetch`, which notices answers that require a log-in. */
  readonly fetch: typeof fetch = async (url, options) => {
    const response = await fetch(url, options);
    if (response.status === 401) void this.check();
    return response;
  };
  readonly people = createPeopleClient(this.fetch);
  readonly #asking = createPeopleClient((url, options) => fetch(url, options));
  #changing: Promise<unknown> = Promise.resolve();

  start(): void {
    void this.check();
  }

  get isIn(): boolean {
    return this.me !== null && this.me.role !== null && !this.wanted;
  }

  async check(): Promise<void> {
    try {
      // A change of the password ends the old session shortly before the browser has the new one.
      await this.#changing.catch(() => undefined);
      this.me = await this.#asking.me();
      this.problem = '';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      // Once the page is shown, it says itself that the collector is away.
      if (this.me === null) setTimeout(() => void this.check(), RETRY_MS);
    }
  }

  /** @throws ApiError */
  async login(name: string, password: string): Promise<void> {
    await this.#asking.login({ name, password });
    this.wanted = false;
    await this.check();
  }

  /** @throws ApiError */
  async changePassword(present: string, password: string): Promise<void> {
    this.#changing = this.#asking.changePassword({ present, password });
    await this.#changing;
    await this.check();
  }

  /** Reloads the page, so that no data stays in it. */
  async logout(): Promise<void> {
    await this.#asking.logout();
    location.reload();
  }
}

export const session = new Session();
