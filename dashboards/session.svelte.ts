// Who the collector takes this browser for. Whatever is refused for want of a log-in asks again, which leads to the login page.
import type { Me } from '../server/api.ts';
import { createPeopleClient } from './people-client.ts';

const RETRY_MS = 2000;

class Session {
  /** Null until the collector has said so. */
  me = $state.raw<Me | null>(null);
  /** Why it has not. */
  problem = $state('');
  /** Somebody who may look without a log-in wants to log in. */
  wanted = $state(false);

  /** The browser's, and it hears of each answer that asks for a log-in. */
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
      // The session of before ends a moment before the browser has the new one.
      await this.#changing.catch(() => undefined);
      this.me = await this.#asking.me();
      this.problem = '';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      // What is shown already says itself that the collector is away.
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

  /** Nothing that was seen stays in the page. */
  async logout(): Promise<void> {
    await this.#asking.logout();
    location.reload();
  }
}

export const session = new Session();
