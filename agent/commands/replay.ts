// `tcplens replay`: an agent with a recording as its source. Ends when all rows have been sent.
import { Command } from 'commander';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import { addOptions } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { runAgents } from '../replay-agents.ts';
import { noteSettings } from '../settings/local.ts';

const { replay: _, ...SOURCE } = SOURCE_OPTIONS;
const { config: __, ...AGENT } = AGENT_OPTIONS;

const NOTES = `
Of an investigation's recording, which has several hosts, an agent for each stores the rows as its own host's, with the ids and names that
the hosts have, and their times moved to now. That works only at a collector that asks agents for no credential, as one does on loopback that
nobody has a user at: elsewhere a collector takes of whoever has one only rows of the host that it has named. --host-id chooses one of
them. The investigation itself is not among rows: "tcplens investigate --replay FILE" says what it has found.`;

const REPLAY_OPTIONS = {
  ...AGENT,
  ...SOURCE,
  collector: { ...AGENT_OPTIONS.collector, fallback: 'http://127.0.0.1:8600' },
  metrics: { ...AGENT_OPTIONS.metrics, fallback: 'none' },
};

export function command(): Command {
  const replay = new Command('replay')
    .description('feeds a recording to a collector in place of the kernel; needs no root')
    .argument('<file>', 'made by tcplens record, or by an investigation')
    .addHelpText('after', NOTES);
  addOptions(replay, REPLAY_OPTIONS);
  const local = noteSettings(replay, REPLAY_OPTIONS);
  return replay.action(async (file: string, config: AgentConfig) => {
    await runAgents({ ...config, replay: file }, local, stopSignal({ with_parent: config.exitWithParent }));
  });
}
