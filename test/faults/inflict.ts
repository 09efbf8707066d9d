// What the faults of a schedule do to the processes of a run.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from './actor.ts';
import { damageOne } from './damage.ts';
import type { Dice } from './dice.ts';
import type { Fault } from './schedule.ts';
import type { Stage } from './stage.ts';
import { holdSockets, tellNames } from './strangers.ts';

/** All faults, one after the other, each at its point. */
export async function suffer(stage: Stage, dice: Dice): Promise<void> {
  for (const fault of stage.schedule.faults) {
    const reached = await stage.until(fault.at);
    stage.say(`${JSON.stringify(fault)}${reached ? '' : ' (its point was not reached)'}`);
    await inflict(stage, fault, dice);
  }
}

async function inflict(stage: Stage, fault: Fault, dice: Dice): Promise<void> {
  const actor = actorOf(stage, fault);
  switch (fault.what) {
    case 'kill':
      await actor.kill();
      damage(stage, fault, dice);
      await sleep(fault.down_ms);
      return restart(stage, fault);
    case 'stop':
      // 1: on a busy machine it left something undone that took too long; that is in its log.
      if (![0, 1].includes((await actor.stop()) ?? -1)) throw new Error(`${actor.name} did not stop as it should`);
      await sleep(fault.down_ms);
      return restart(stage, fault);
    case 'kill_at_start':
      await actor.kill();
      for (const after_ms of fault.after_ms) {
        begin(stage, fault);
        await sleep(after_ms);
        await actor.kill();
      }
      return restart(stage, fault);
    case 'freeze':
      actor.freeze();
      await sleep(fault.ms);
      return actor.thaw();
    case 'cut_off':
      return cutOff(stage, fault);
    case 'sockets':
      return holdSockets(urlOf(stage, fault), fault.count, fault.ms);
    case 'names':
      return tellNames(urlOf(stage, fault), dice, fault.hosts);
    case 'full_disk': {
      const disk = stage.disk(fault.who, fault.which);
      disk?.fill();
      await sleep(fault.ms);
      return disk?.free();
    }
    case 'clock': {
      stage.setClock(fault.who, fault.which, fault.by_s);
      const host = fault.who === 'agent' ? stage.hosts[fault.which] : undefined;
      if (host && fault.by_s < 0) host.waits = true;
      return;
    }
    default:
      fault satisfies never;
  }
}

async function cutOff({ inserts, batches, engine, collectors }: Stage, { who, which, ms }: Fault & { what: 'cut_off' }): Promise<void> {
  const [relay, url] = who === 'engine' ? [inserts, engine?.url] : [batches, collectors[which]?.url];
  if (url === undefined) return;
  relay.cutOff(url);
  await sleep(ms);
  relay.join(url);
}

function urlOf({ collectors }: Stage, { which }: Fault & { who: 'collector' }): string {
  const url = collectors[which]?.url;
  if (url === undefined) throw new Error(`there is no collector ${which}`);
  return url;
}

/** The spool of an agent, or the log of a collector. */
function damage(stage: Stage, { who, which, damage: how }: Fault & { what: 'kill' }, dice: Dice): void {
  if (who === 'engine') return;
  const files = who === 'agent' ? stage.hosts[which]?.spool : join(stage.directory, `collector-${which}`, 'log');
  const done = files === undefined ? '' : damageOne(dice, files, how);
  if (done !== '') stage.say(done);
}

function actorOf({ engine, hosts, collectors }: Stage, { who, which }: Fault): Actor {
  const actor = { engine: engine?.actor, agent: hosts[which]?.actor, collector: collectors[which]?.actor }[who];
  if (!actor) throw new Error(`there is no ${who} ${which}`);
  return actor;
}

function begin({ hosts, collectors }: Stage, { who, which }: Fault): void {
  if (who === 'agent') hosts[which]?.start(0.3);
  if (who === 'collector') collectors[which]?.start();
}

async function restart(stage: Stage, fault: Fault): Promise<void> {
  if (fault.who === 'engine') return stage.engine?.start();
  begin(stage, fault);
  if (fault.who === 'collector') await stage.collectors[fault.which]?.ready();
}
