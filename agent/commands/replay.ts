// `tcplens replay`: an agent with a recording as its source. Ends when all rows have been sent.
import { Command } from 'commander';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import { runAgent } from '../main.ts';
import { addOptions } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { noteSettings } from '../settings/local.ts';

const { replay: _, ...SOURCE } = SOURCE_OPTIONS;
const { config: __, ...AGENT } = AGENT_OPTIONS;
const REPLAY_OPTIONS = {
  ...AGENT,
  ...SOURCE,
  collector: { ...AGENT_OPTIONS.collector, fallback: 'http://127.0.0.1:8600' },
  metrics: { ...AGENT_OPTIONS.metrics, fallback: 'none' },
};

export function command(): Command {
  const replay = new Command('replay')
    .description('feeds a recording to a collector in place of the kernel; needs no root')
    .argument('<file>', 'made by tcplens record');
  addOptions(replay, REPLAY_OPTIONS);
  const local = noteSettings(replay, REPLAY_OPTIONS);
  return replay.action(async (file: string, config: AgentConfig) => {
    await runAgent({ ...config, replay: file }, local, stopSignal({ with_parent: config.exitWithParent }));
  });
}
