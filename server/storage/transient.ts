// Tells failures that can pass from refusals of the rows themselves. The former need time, or a person's help.

/** ClickHouse's error codes for troubles of the engine itself. */
const TROUBLES: ReadonlyMap<string, string> = new Map([
  ['76', 'CANNOT_OPEN_FILE'],
  ['75', 'CANNOT_WRITE_TO_FILE_DESCRIPTOR'],
  ['159', 'TIMEOUT_EXCEEDED'],
  ['164', 'READONLY'],
  ['173', 'CANNOT_ALLOCATE_MEMORY'],
  ['198', 'DNS_ERROR'],
  ['201', 'QUOTA_EXCEEDED'],
  ['202', 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  ['203', 'NO_FREE_CONNECTION'],
  ['209', 'SOCKET_TIMEOUT'],
  ['210', 'NETWORK_ERROR'],
  ['225', 'NO_ZOOKEEPER'],
  ['236', 'ABORTED'],
  ['241', 'MEMORY_LIMIT_EXCEEDED'],
  ['242', 'TABLE_IS_READ_ONLY'],
  ['243', 'NOT_ENOUGH_SPACE'],
  ['244', 'UNEXPECTED_ZOOKEEPER_ERROR'],
  ['252', 'TOO_MANY_PARTS'],
  ['265', 'ALL_CONNECTION_TRIES_FAILED'],
  ['279', 'ALL_CONNECTION_TRIES_FAILED'],
  ['285', 'TOO_FEW_LIVE_REPLICAS'],
  ['286', 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE'],
  ['287', 'UNKNOWN_FORMAT_VERSION'],
  ['289', 'REPLICA_IS_NOT_IN_QUORUM'],
  ['319', 'UNKNOWN_STATUS_OF_INSERT'],
  ['394', 'QUERY_WAS_CANCELLED'],
  ['425', 'SYSTEM_ERROR'],
  ['439', 'CANNOT_SCHEDULE_TASK'],
  ['473', 'DEADLOCK_AVOIDED'],
  ['516', 'AUTHENTICATION_FAILED'],
  ['497', 'ACCESS_DENIED'],
  ['999', 'KEEPER_EXCEPTION'],
  ['1000', 'POCO_EXCEPTION'],
  ['1001', 'STD_EXCEPTION'],
]);
/**
 * This error has the code of "too many parts" but does not pass: the rows are of too many days for one insert. Half of the rows may fit.
 */
const TOO_MANY_DAYS = /too many partitions for single INSERT/i;
const FULL = /no space left|disk quota|ENOSPC|EDQUOT/i;

/**
 * Whether trying again can help. The rows are refused only if the engine has answered with a code that is none of its own troubles.
 * Anything else may pass: no answer, a cut connection, a store that is being opened.
 */
export function isTransient(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (FULL.test(cause.message)) return true;
    if (TOO_MANY_DAYS.test(cause.message)) return false;
    const code = 'code' in cause ? String(cause.code) : '';
    if (/^\d+$/.test(code)) return TROUBLES.has(code);
  }
  return true;
}
