// Routes for people: the settings of agents.

import type { RolloutRecord, Where } from '../access/records.ts';
import { ADMIN_API } from '../api/admin.ts';
import {
  HostSettings,
  HostSettingsParams,
  SettingsAnswer,
  SettingsBack,
  SettingsChange,
  SettingsPlanned,
  SettingsRollback,
} from '../api/settings.ts';
import { Problem } from '../api.ts';
import type { Control } from '../control.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import type { AgentStates } from './agent-states.ts';
import { settled, versionFor } from './rollout.ts';
import type { Planned, SettingsBook } from './settings-book.ts';

export type SettingsParts = { control: Control; audit: Audit };

const UNTOLD = { agent_version: '', version: 0, in_force: [], at_ms: 0 };
const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerSettings(app: App, { control, audit }: SettingsParts): void {
  const { settings, channels, states } = control;
  app.get(ADMIN_API.settings, {
    schema: { summary: 'What agents are to do, and how far the newest version has come', response: { 200: SettingsAnswer, ...refusals } },
    handler: async () => {
      const { rollout } = settings;
      const version = settled(rollout);
      return {
        version,
        rules: settings.rulesOf(version),
        rollout: rollout === undefined ? null : told(settings, states, rollout),
        versions: settings.versions(),
        known: [...settings.knownBy(undefined)],
        channels: channels.size,
      };
    },
  });
  app.post(ADMIN_API.settings, {
    schema: { summary: 'Change what agents are to do', body: SettingsChange, response: { 200: SettingsPlanned, ...refusals } },
    handler: async (request) => {
      const { body, who } = request;
      const present = await control.present(Date.now());
      const planned = ({ version, hosts, first }: Planned) => ({
        version,
        hosts: hosts.length,
        first: first.map((id) => settings.nameOf(id)),
      });
      if (body.dry_run) return planned(settings.plan(body, present));
      const doing = { action: 'settings_change', target: whereText(body.where), detail: changeText(body) } as const;
      return planned(await audit.of(request, doing, () => settings.change(body, present, who.name, Date.now())));
    },
  });
  app.post(ADMIN_API.settingsRollback, {
    schema: { summary: 'Go back to an earlier version', body: SettingsRollback, response: { 200: SettingsBack, ...refusals } },
    handler: (request) => {
      const { version } = request.body;
      const doing = { action: 'settings_rollback', target: version === null ? 'the version before' : `version ${version}` } as const;
      return audit.of(request, doing, () => settings.rollBack(version ?? undefined, request.who.name, Date.now()));
    },
  });
  app.get(ADMIN_API.hostSettings, {
    schema: {
      summary: 'What is in force at one agent, and who says so',
      params: HostSettingsParams,
      response: { 200: HostSettings, ...refusals },
    },
    handler: async ({ params: { host_id } }) => {
      const state = states.get(host_id) ?? UNTOLD;
      return { ...state, wanted: settings.wantedBy(host_id).version, connected: channels.has(host_id) };
    },
  });
}

/** The rollout, with how many agents should have the version and how many have it. */
function told(settings: SettingsBook, states: AgentStates, rollout: RolloutRecord) {
  const { accept_loss: _, first, version, ...rest } = rollout;
  const wanting = [...states.all()].filter(([host_id]) => versionFor(rollout, host_id) === version);
  const having = wanting.filter(([, state]) => state.version === version);
  return { ...rest, version, first: first.map((id) => settings.nameOf(id)), wanting: wanting.length, having: having.length };
}

function whereText({ labels, hosts }: Where): string {
  return [...Object.entries(labels).map(([label, value]) => `${label}=${value}`), ...hosts].join(',') || 'all hosts';
}

function changeText({ set, unset }: SettingsChange): string {
  return [...Object.entries(set).map(([name, value]) => `${name}=${value}`), ...unset.map((name) => `${name} unset`)]
    .join(' ')
    .slice(0, 1000);
}
