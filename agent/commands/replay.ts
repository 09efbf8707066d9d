// `tcplens replay`: an agent with a recording as its source. Ends when all rows have been sent.
import { Command } from 'commander';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import { runAgent } from '../main.ts';
import { addOptions } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';

const { replay: _, ...SOURCE } = SOURCE_OPTIONS;
const REPLAY_OPTIONS = {
  ...AGENT_OPTIONS,
  ...SOURCE,
  collector: { ...AGENT_OPTIONS.collector, fallback: 'http://127.0.0.1:8600' },
  metrics: { ...AGENT_OPTIONS.metrics, fallback: 'none' },
};

export function command(): Command {
  const replay = new Command('replay')
    .description('feeds a recording to a collector in place of the kernel; needs no root')
    .argument('<file>', 'made by tcplens record');
  return addOptions(replay, REPLAY_OPTIONS).action(async (file: string, config: AgentConfig) => {
    await runAgent({ ...config, replay: file }, stopSignal({ with_parent: config.exitWithParent }));
  });
}
