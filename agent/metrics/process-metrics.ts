// Metrics of what the agent costs its host, and of the interval between sweeps that follows from it.
import { type Meter, ValueType } from '@opentelemetry/api';
import type { SweepPace } from '../loop/pace.ts';

/** Registers observable instruments, which are read at each collection. */
export function observeProcess(meter: Meter, pace: SweepPace): void {
  const cpu = meter.createObservableCounter('process.cpu.time', { unit: 's', description: 'CPU used by the agent, all threads' });
  const memory = meter.createObservableUpDownCounter('process.memory.usage', {
    unit: 'By',
    description: 'Resident memory of the agent',
    valueType: ValueType.INT,
  });
  const interval = meter.createObservableGauge('tcplens.agent.sweep.interval', {
    unit: 's',
    description: 'Time between two sweeps over the live sockets; longer than asked for where the CPU budget or the collector demands it',
  });
  const pressure = meter.createObservableGauge('tcplens.agent.sweep.pressure', {
    unit: '1',
    description: 'Times that sweeps are further apart because the collector is busy; 1 where it takes what comes',
  });
  const sweeps = meter.createObservableCounter('tcplens.agent.sweeps', { unit: '{sweep}', valueType: ValueType.INT });
  const sweep_cpu = meter.createObservableCounter('tcplens.agent.sweep.cpu.time', { unit: 's', description: 'CPU used by sweeps' });
  cpu.addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe(user / 1e6, { 'cpu.mode': 'user' });
    result.observe(system / 1e6, { 'cpu.mode': 'system' });
  });
  memory.addCallback((result) => result.observe(process.memoryUsage.rss()));
  interval.addCallback((result) => result.observe(pace.interval_ms / 1000));
  pressure.addCallback((result) => result.observe(pace.pressure));
  sweeps.addCallback((result) => result.observe(pace.sweeps));
  sweep_cpu.addCallback((result) => result.observe(pace.cpu_ms / 1000));
}
