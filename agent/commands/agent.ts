// `tcplens agent`: watches this host until it is told to stop.
import { Command } from 'commander';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import { runAgent } from '../main.ts';
import { AgentError } from '../process/errors.ts';
import { addOptions } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';

export function command(): Command {
  const agent = new Command('agent').description('watches this host and ships what it sees: to a collector, by OTLP, or both');
  addOptions(addOptions(agent, AGENT_OPTIONS), SOURCE_OPTIONS);
  return agent.action(async (config: AgentConfig) => {
    const stop = stopSignal({ with_parent: config.exitWithParent });
    await runAgent(config, stop).catch((error: unknown) => {
      // Who stops an agent that waits for a collector to let it in has what they wanted.
      if (!(error instanceof AgentError && error.code === 'stopped')) throw error;
    });
  });
}
