/** Waits until all have ended, then fails with the first failure: so nothing still writes when the caller undoes what was written. */
export async function allDone<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
