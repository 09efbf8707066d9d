// From a table of options to commander's and back: name, value, default and help are said once, in the table.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from './errors.ts';

/** One option. `fallback` and `env` hold text, parsed like what is typed; without `parse` it is a switch. */
export type OptionSpec<Value = unknown> = {
  flags: string;
  help: string;
  /** `before` is what an earlier one came to, for options that may be repeated */
  parse?(text: string, before?: Value): Value;
  fallback?: string;
  env?: string;
  hidden?: boolean;
};

type ValueOf<Spec> = Spec extends { parse: (text: string) => infer Value }
  ? Spec extends { fallback: string }
    ? Value
    : Value | undefined
  : boolean;

/** What a table's options come to; the keys are commander's, the flag in camelCase. */
export type OptionValues<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

export function addOptions(command: Command, table: Record<string, OptionSpec>): Command {
  for (const spec of Object.values(table)) command.addOption(optionOf(spec));
  return command;
}

function optionOf({ flags, help, parse, fallback, env, hidden = false }: OptionSpec): Option {
  const option = new Option(flags, help).hideHelp(hidden);
  if (env !== undefined) option.env(env);
  if (parse === undefined) return option.default(false, 'off');
  if (fallback !== undefined) option.default(parse(fallback), fallback);
  return option.argParser((text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      throw error instanceof ConfigError ? new InvalidArgumentError(error.message) : error;
    }
  });
}
