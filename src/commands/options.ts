/** Options that several commands have, for the command line to read. */
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';

const DEFAULT_CONNECT_TIMEOUT = 10;

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It takes a number of seconds.');
  return value;
}

export const connectTimeout = () =>
  new Option('--connect-timeout <seconds>', 'how long a node may say nothing')
    .argParser(seconds)
    .default(DEFAULT_CONNECT_TIMEOUT);

/** Adds the options to a command. */
export function withEstate<C extends Command>(command: C) {
  return command
    .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
    .option(
      '--embedded',
      'run against real ClickHouse servers from npm, one per declared node, kept in .plumbline/',
    )
    .option(
      '--url <[node=]url...>',
      'reach a node at another address: --url community-1=http://localhost:8123',
    )
    .option(
      '--resolve <name=address...>',
      'take this for the address of a name that says which site of a pair is active, instead of asking DNS',
    )
    .addOption(connectTimeout());
}
