// The hosts of the fleet, and the history of one host.
import type { Agents } from '../access/agents.ts';
import type { Fleet, FleetHost, FleetOne } from '../api/fleet.ts';
import { Refusal } from '../errors.ts';
import type { Queryable } from '../storage/engine.ts';
import { accountOfHost, completenessOf } from '../storage/queries/accounts.ts';
import { HEARD_MOST, heardHosts, hostHistory, hostsMore, type Span } from '../storage/queries/fleet.ts';
import { type KnownHost, knownHosts, type Noticed } from './known-hosts.ts';
import { type FleetAsked, listing } from './listing.ts';

export type FleetParts = Noticed & { store: Queryable; agents: Pick<Agents, 'list'> };

const MINUTE_MS = 60_000;
/** The figures of a list cover the last five minutes: over a longer time, those of a large fleet would take too long to add up. */
const FIGURES_MS = 5 * MINUTE_MS;

/** The range of a list's figures: it begins at a whole minute, since accounts are by the minute. */
const spanAt = (now_ms: number): Span => ({ from: Math.floor((now_ms - FIGURES_MS) / MINUTE_MS) * MINUTE_MS, to: now_ms });

export async function fleet(parts: FleetParts, asked: FleetAsked, now_ms: number): Promise<Fleet> {
  const span = spanAt(now_ms);
  const { hosts, cut } = await all(parts, span, now_ms);
  const { page, ...listed } = listing(hosts, asked);
  return { at_ms: now_ms, version: parts.version, hosts: await shown(parts.store, page, span, now_ms), ...listed, cut };
}

/** @throws Refusal `not_found` */
export async function fleetOne(parts: FleetParts, host_id: string, range: Partial<Span>, now_ms: number): Promise<FleetOne> {
  const span = { ...spanAt(now_ms), host_id };
  const { hosts } = await all(parts, span, now_ms);
  const found = hosts.find((host) => host.host_id === host_id);
  if (found === undefined) throw new Refusal('not_found', `no host with the id ${host_id} has joined or reported`);
  const [[host], history, account] = await Promise.all([
    shown(parts.store, [found], span, now_ms),
    hostHistory(parts.store, host_id),
    accountOfHost(parts.store, { ...range, host_id }, now_ms),
  ]);
  return { host: host as FleetHost, ...history, ...inSteps(account) };
}

async function all({ store, agents, ...noticed }: FleetParts, span: Span, now_ms: number): Promise<{ hosts: KnownHost[]; cut: boolean }> {
  const heard = await heardHosts(store, span, now_ms);
  const seconds = (span.to - span.from) / 1000;
  return { hosts: knownHosts(heard.slice(0, HEARD_MOST), agents.list(), noticed, { now_ms, seconds }), cut: heard.length > HEARD_MOST };
}

async function shown(store: Queryable, page: readonly KnownHost[], span: Span, now_ms: number): Promise<FleetHost[]> {
  const ids = page.map(({ host_id }) => host_id);
  const more = await hostsMore(store, ids, span, now_ms);
  return page.map((host) => {
    const { opened, ...rest } = more.get(host.host_id) ?? { hooks_refused: [], stored: 0, opened: 0 };
    const seconds = Math.min(span.to - span.from, Math.max(1000, now_ms - (host.began_ms ?? 0))) / 1000;
    return { ...host, ...rest, connections_per_s: host.last_seen_ms === null ? null : opened / seconds };
  });
}

type Account = Awaited<ReturnType<typeof accountOfHost>>;
type InSteps = Omit<FleetOne, 'host' | 'hooks' | 'runs'>;

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const byName = <Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;

/** Columns of equal length. A step without accounts is null; rates are also null in the last step while it has not ended. */
function inSteps({ from_ms, to_ms, step_s, steps, accounts }: Account): InSteps {
  const first_s = Math.floor(from_ms / 1000 / step_s) * step_s;
  const time_s = Array.from({ length: Math.ceil((to_ms / 1000 - first_s) / step_s) }, (_, at) => first_s + at * step_s);
  const told = Map.groupBy(steps, (step) => step.time_s);
  const isOver = (at: number) => (at + step_s) * 1000 <= to_ms;
  const column = (value: (own: Account['steps']) => number | null, holds = (_at: number) => true) =>
    time_s.map((at) => {
      const own = told.get(at);
      return own === undefined || !holds(at) ? null : value(own);
    });
  const kinds = [...new Set(steps.map(({ kind }) => kind))];
  const losses = [...new Set(steps.flatMap(({ lost }) => Object.keys(lost)))] as (keyof Account['steps'][number]['lost'])[];
  return {
    from_ms,
    to_ms,
    step_s,
    time_s,
    rows_per_s: byName(kinds, (kind) =>
      column((own) => sum(own.filter((step) => step.kind === kind).map(({ seen }) => seen)) / step_s, isOver),
    ),
    lost: byName(losses, (name) => column((own) => sum(own.map(({ lost }) => lost[name] ?? 0)))),
    completeness: column((own) => completenessOf(...own)),
    accounts,
  };
}
