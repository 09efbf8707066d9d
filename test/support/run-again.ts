/** Suites that compare what programs saw with what there was. */
const OF_THE_KERNEL = /^test\/(kernel|fidelity|investigations)\//;
/** If more files than this failed, hidden softirqs are not the reason. */
const FILES_MAX = 3;

export const comparesWithKernel = (file: string): boolean => OF_THE_KERNEL.test(file);

/**
 * The files that failed and are to run once more: what they missed may be what the kernel hid from every program.
 * @param hidden - softirqs, by file, that were hidden while it ran
 */
export function runAgain(failed: readonly string[], hidden: ReadonlyMap<string, number>): readonly string[] {
  const again = failed.filter((file) => comparesWithKernel(file) && (hidden.get(file) ?? 0) > 0);
  return again.length <= FILES_MAX ? again : [];
}
