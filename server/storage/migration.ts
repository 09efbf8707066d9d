/** A step from one shape of the tables to the next. Its statements can be repeated. */
export type Migration = { number: number; name: string; statements: readonly string[] };
