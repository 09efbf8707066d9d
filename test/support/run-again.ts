/** Suites that compare what programs saw with what there was. */
const OF_THE_KERNEL = /^test\/(kernel|fidelity|browser)\//;
/** More files than this do not fail by such an accident. */
const FILES_MAX = 3;

/**
 * The files to run once more: those that failed, where the kernel hid softirqs from every program and nothing else went wrong.
 * @param stray - errors of no test
 */
export function runAgain(failed: readonly string[], { hidden, stray }: { hidden: number; stray: number }): readonly string[] {
  const isAccident = hidden > 0 && stray === 0 && failed.length <= FILES_MAX && failed.every((file) => OF_THE_KERNEL.test(file));
  return isAccident ? failed : [];
}
