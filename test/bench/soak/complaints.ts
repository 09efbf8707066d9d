// What went wrong while nobody provoked it. A restart provokes what follows from it, until all works again.

const KEPT = 50;

export class Complaints {
  readonly #texts: string[] = [];
  #count = 0;
  #provoked = 0;
  #restarts = 0;

  add(text: string): void {
    if (this.#restarts > 0) {
      this.#provoked++;
      return;
    }
    this.#count++;
    if (this.#texts.length < KEPT) this.#texts.push(`${new Date().toISOString()} ${text}`);
  }

  /** What comes while `work` goes on is its own doing. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#restarts++;
    try {
      await work();
    } finally {
      this.#restarts--;
    }
  }

  get count(): number {
    return this.#count;
  }

  get provoked(): number {
    return this.#provoked;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }
}
