// The parameters of a statement. Values are always bound to parameters and never written into the text.
import { TupleParam } from '@clickhouse/client';

export type ParamType = 'UInt16' | 'UInt64' | 'Float64' | 'String' | 'Array(String)' | 'Array(UInt64)' | 'Array(Tuple(UInt64, UInt64))';

export class Params {
  readonly #names = new Map<string, string>();
  readonly values: Record<string, unknown> = {};

  /** The parameter as it stands in the statement. Equal values share one. @param value integers as decimal text */
  bind(type: ParamType, value: unknown): string {
    const key = `${type} ${JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))}`;
    const name = this.#names.get(key) ?? `f${this.#names.size}`;
    this.#names.set(key, name);
    this.values[name] = type.startsWith('Array(Tuple') ? (value as string[][]).map((each) => new TupleParam(each.map(BigInt))) : value;
    return `{${name}:${type}}`;
  }
}
