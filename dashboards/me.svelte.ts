// What whoever looks at the page may do.
import { type ApiClient, ApiError } from './api-client.ts';

class Me {
  isAdmin = $state(false);

  async ask(api: ApiClient, signal: AbortSignal): Promise<void> {
    try {
      this.isAdmin = (await api.me(signal)).role === 'admin';
    } catch (error) {
      // A collector that knows no people has no admin, either.
      if (error instanceof ApiError) this.isAdmin = false;
    }
  }
}

export const me = new Me();
