// An agent that got no answer sends its batch again, perhaps to another collector: then two have it in their logs, and one may
// store it. Collectors that share a ClickHouse settle that by a log of claims: a table whose blocks have positions 1, 2, 3 …
// A block's deduplication token is its position, so of all who write one position exactly one succeeds; the others read whose
// block it is and try the next. Who writes position n has read all before it and claims only what nobody has claimed: the block
// is the decision, for ever. A collector keeps of a segment what it has claimed of it and leaves the rest to its claimants.
import { setTimeout as sleep } from 'node:timers/promises';
import { Claimed, rangesOf } from './claimed.ts';
import { type Claim, ClaimsLog, keyOf, RANGE_MAX, type Run } from './claims-log.ts';
import { type AsideBatch, type BatchSpan, type Engine, type Segment, StoreError } from './store.ts';

/** A segment, or what is beside one. */
type Claimant = Pick<Segment, 'token' | 'batches'> & { kind: string };

export type ClaimsOptions = {
  /** Replicated tables note a token and its part in one step: a part that is noted and not to be seen is on its way. */
  replicated: boolean;
  /** How long a position of a plain table stays empty, though noted, before it counts as lost with a killed server. */
  burnt_after_ms: number;
};

/** Runs and kinds remembered; the ones met longest ago are forgotten, and read again when they are met. */
const RUNS_MAX = 65_536;
/** Claims after which a block takes no further segment. */
const BLOCK_CLAIMS = 10_000;
const ATTEMPTS = 100;
/** Ends the names of claims for rows that are not in the segment. */
const BESIDE = '+beside';
const EMPTY_RETRY_MS = 100;

export class Claims {
  readonly #log: ClaimsLog;
  readonly #options: ClaimsOptions;
  /** All positions up to here have been read. */
  #head: number | undefined;
  readonly #claimed = new Map<string, Claimed>();
  /** By token, of segments not yet stored: what they have claimed of each run. */
  readonly #own = new Map<string, Map<string, Claimed>>();
  /** Tokens of which each batch is claimed, by whomever. */
  readonly #decided = new Set<string>();
  /** Tokens whose batches have been looked up in the table since `claim` was called. */
  readonly #lookedUp = new Set<string>();

  constructor(engine: Pick<Engine, 'command' | 'query'>, options: ClaimsOptions) {
    this.#log = new ClaimsLog(engine);
    this.#options = options;
  }

  /**
   * Decides for each batch of the segments whether it is theirs to store. Durable when it returns. Not to be called twice at once.
   * @throws StoreError; what was decided by then stays so
   */
  async claim(segments: readonly Claimant[]): Promise<void> {
    this.#lookedUp.clear();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const open = segments.filter(({ token }) => !this.#decided.has(token));
      if (open.length === 0) return;
      this.#head ??= await this.#log.head();
      await this.#meet(open);
      await this.#lookUp(open.filter((segment) => this.#isDoubtful(segment)));
      const wanted = this.#wantedOfSome(open.filter(({ token }) => !this.#decided.has(token)));
      if (wanted.length > 0) await this.#write(this.#head + 1, wanted, open);
    }
    throw unavailable(`another collector has claimed first ${ATTEMPTS} times`);
  }

  /** Whether the batch is this segment's to store. `claim` comes first. One that damage has left without a name always is. */
  keeps({ kind, token }: Pick<Claimant, 'kind' | 'token'>, { host_id, epoch, sequence }: BatchSpan): boolean {
    if (host_id === '') return true;
    const own = this.#own.get(token);
    if (own === undefined) throw new Error(`${token} has not been claimed`);
    return own.get(keyOf({ kind, host_id, epoch }))?.has(sequence) ?? false;
  }

  /**
   * Whether each batch, of which rows are kept beside a segment, is this collector's: claimed by the segment, or now beside it. That
   * is another name, since a segment claims all of its batches at once and may still grow.
   */
  async claimAside(batches: readonly AsideBatch[]): Promise<boolean[]> {
    const besides = [...Map.groupBy(batches, ({ token }) => token + BESIDE)].flatMap(([token, of]): Claimant[] =>
      of[0] === undefined ? [] : [{ kind: of[0].kind, token, batches: of }],
    );
    try {
      await this.claim(besides);
      return batches.map((batch) => this.keeps({ kind: batch.kind, token: batch.token + BESIDE }, batch));
    } finally {
      for (const beside of besides) this.forget(beside);
    }
  }

  /** The segment is stored. Asked about it again, its claims are read from the table. */
  forget({ token }: Claimant): void {
    this.#own.delete(token);
    this.#decided.delete(token);
  }

  /** Of runs not met before: from which sequence on nobody has claimed any. */
  async #meet(segments: readonly Claimant[]): Promise<void> {
    const runs = new Map(segments.flatMap(runsOf).map((run) => [keyOf(run), run]));
    for (const key of runs.keys()) {
      const claimed = this.#claimed.get(key);
      if (claimed === undefined) continue;
      // A Map iterates in insertion order: what was met last goes to its end.
      this.#claimed.delete(key);
      this.#claimed.set(key, claimed);
    }
    const strangers = [...runs].filter(([key]) => !this.#claimed.has(key));
    const lasts = await this.#log.lastOf(strangers.map(([, run]) => run));
    for (const [key] of strangers) this.#claimed.set(key, new Claimed((lasts.get(key) ?? 0) + 1));
    for (const key of this.#claimed.keys()) {
      if (this.#claimed.size <= RUNS_MAX || runs.has(key)) break;
      this.#claimed.delete(key);
    }
  }

  /** Whether the table may know more of its batches: that it has claimed them itself before, or that others have long ago. */
  #isDoubtful(segment: Claimant): boolean {
    if (this.#lookedUp.has(segment.token)) return false;
    return namedBatches(segment).some(({ key, sequence }) => {
      const claimed = this.#claimed.get(key);
      return claimed === undefined || sequence < claimed.known_from || claimed.has(sequence);
    });
  }

  async #lookUp(segments: readonly Claimant[]): Promise<void> {
    if (segments.length === 0) return;
    const asked = segments.flatMap((segment) => claimsOf(segment, () => true));
    this.#learn(await this.#log.overlapping(asked), segments);
    for (const { token } of segments) this.#lookedUp.add(token);
  }

  /** As many segments' as go into one block. */
  #wantedOfSome(segments: readonly Claimant[]): Claim[] {
    const wanted: Claim[] = [];
    for (const segment of segments) {
      if (wanted.length >= BLOCK_CLAIMS) break;
      wanted.push(...this.#wantedOf(segment));
    }
    return wanted;
  }

  /** What of it nobody has claimed. If that is nothing, this is the decision. */
  #wantedOf(segment: Claimant): Claim[] {
    const wanted = claimsOf(segment, (key, sequence) => !this.#claimed.get(key)?.has(sequence));
    if (wanted.length === 0) {
      this.#decided.add(segment.token);
      if (!this.#own.has(segment.token)) this.#own.set(segment.token, new Map());
    }
    return wanted;
  }

  /** Writes a position, unless another has; reads whose it is, and what follows. */
  async #write(position: number, claims: readonly Claim[], open: readonly Claimant[]): Promise<void> {
    const began = performance.now();
    for (;;) {
      await this.#log.write(position, claims);
      const found = await this.#log.from(position);
      if (found === 'too_many') return this.#beginAnew();
      if (found.length > 0) {
        const last = this.#options.replicated ? lastWithoutGap(position, found) : Math.max(...found.map((claim) => claim.position));
        if (last < position) throw unavailable(`position ${position} of the claims has not reached this replica yet`);
        this.#learn(
          found.filter((claim) => claim.position <= last),
          open,
        );
        this.#head = last;
        return;
      }
      if (this.#options.replicated) throw unavailable(`position ${position} of the claims has not reached this replica yet`);
      // Noted, and its rows never came: the server was killed in between. All who look find it so.
      if (performance.now() - began > this.#options.burnt_after_ms) {
        this.#head = position;
        return;
      }
      await sleep(EMPTY_RETRY_MS);
    }
  }

  #beginAnew(): void {
    this.#head = undefined;
    this.#claimed.clear();
    this.#lookedUp.clear();
  }

  /** `claims` has all claims of each segment of `open` that it has any of. */
  #learn(claims: readonly Claim[], open: readonly Claimant[]): void {
    const tokens = Map.groupBy(open, (segment) => baseOf(nameOf(segment)));
    for (const claim of claims) {
      const key = keyOf(claim);
      const { first, last } = claim;
      const claimed = this.#claimed.get(key);
      claimed?.add(first, last);
      claimed?.trim();
      for (const { token } of tokens.get(baseOf(claim.segment)) ?? []) {
        const own = this.#own.get(token) ?? new Map<string, Claimed>();
        const ofRun = own.get(key) ?? new Claimed(0);
        ofRun.add(first, last);
        this.#own.set(token, own.set(key, ofRun));
        // A segment claims in one block; what is beside it bit by bit.
        if (claim.segment === baseOf(claim.segment) && !token.endsWith(BESIDE)) this.#decided.add(token);
      }
    }
  }
}

function unavailable(reason: string): StoreError {
  return new StoreError('store_unavailable', `${reason}: the rows stay in the log, and claiming them is tried again`);
}

/** Under this name it claims. Pieces of a segment that had to be split, `kind/name.0` and so on, claim as the whole. */
function nameOf({ token }: Claimant): string {
  return token.replace(/\..*$/, '');
}

/** What is claimed beside a segment is the segment's collector's. */
function baseOf(name: string): string {
  return name.endsWith(BESIDE) ? name.slice(0, -BESIDE.length) : name;
}

function namedBatches({ kind, batches }: Claimant): { run: Run; key: string; sequence: number }[] {
  return batches
    .filter(({ host_id }) => host_id !== '')
    .map(({ host_id, epoch, sequence }) => ({ run: { kind, host_id, epoch }, key: keyOf({ kind, host_id, epoch }), sequence }));
}

function runsOf(segment: Claimant): Run[] {
  return namedBatches(segment).map(({ run }) => run);
}

function claimsOf(segment: Claimant, among: (key: string, sequence: number) => boolean): Claim[] {
  const byRun = Map.groupBy(
    namedBatches(segment).filter(({ key, sequence }) => among(key, sequence)),
    ({ key }) => key,
  );
  return [...byRun.values()].flatMap((batches) => {
    const [batch] = batches;
    if (batch === undefined) return [];
    const ranges = rangesOf(
      batches.map(({ sequence }) => sequence),
      RANGE_MAX,
    );
    return ranges.map((range) => ({ segment: nameOf(segment), ...batch.run, ...range }));
  });
}

/** Blocks of other replicas may arrive out of their order. */
function lastWithoutGap(position: number, found: readonly { position: number }[]): number {
  const positions = new Set(found.map((claim) => claim.position));
  let last = position - 1;
  while (positions.has(last + 1)) last++;
  return last;
}
