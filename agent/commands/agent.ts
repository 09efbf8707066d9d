// `tcplens agent`: watches this host until it is told to stop.
import { Command } from 'commander';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import { AgentError } from '../process/errors.ts';
import { addOptions } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { runAgents } from '../replay-agents.ts';
import { noteSettings, readConfigFile } from '../settings/local.ts';

const OPTIONS = { ...AGENT_OPTIONS, ...SOURCE_OPTIONS };

export function command(): Command {
  const agent = new Command('agent').description('watches this host and ships what it sees: to a collector, by OTLP, or both');
  addOptions(agent, OPTIONS);
  const said = noteSettings(agent, OPTIONS);
  return agent.action(async ({ config: file }: AgentConfig) => {
    const local = file === undefined ? said : readConfigFile(file, agent, OPTIONS, said);
    const config = agent.opts<AgentConfig>();
    const stop = stopSignal({ with_parent: config.exitWithParent });
    await runAgents(config, local, stop).catch((error: unknown) => {
      // Stopping an agent while it waits for a collector to let it in is no failure.
      if (!(error instanceof AgentError && error.code === 'stopped')) throw error;
    });
  });
}
