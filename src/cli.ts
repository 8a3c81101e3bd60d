/** Arguments go in, an exit code comes out; the only file that exits or prints an error. */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  ACCOUNTS,
  BOOTSTRAP_FORMATS,
  DR_FORMATS,
  FEDERATION_FORMATS,
  FORMATS,
  LINT_FORMATS,
  MISTAKE_FORMATS,
  SCD_FORMATS,
  SEVERITIES,
  VERIFY_FORMATS,
} from './commands/formats.ts';
import { githubCommands } from './commands/github-commands.ts';
import { withEstate } from './commands/options.ts';
import { showFindings, terminal } from './commands/output.ts';
import { DeclarationError, PlumblineError, RefusedError } from './model/errors.ts';
import { visible } from './render/visible.ts';

const refreshSecrets = () =>
  new Option(
    '--refresh-secrets',
    'also write all secrets again: a secret that has another value under the same name is never seen',
  );

const overrides = () =>
  new Option('--override <name...>', 'ignore a condition of a stage: `federation/NAME/CONDITION`');

const format = () =>
  new Option('--format <format>', 'how the plan is written').choices(FORMATS).default('text' as const);

const written = <const Formats extends readonly string[]>(formats: Formats) =>
  new Option('--format <format>', 'how it is written').choices(formats).default('text' as const);

const lockSeconds = () =>
  new Option('--lock-seconds <seconds>', 'after how long a lock that is not renewed can be taken over')
    .argParser(Number)
    .default(60);

/** Seconds. */
function period(text: string): number {
  const [, count, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw new InvalidArgumentError('It takes a time such as 60s or 5m.');
  return Number(count) * { s: 1, m: 60, h: 3600 }[(unit || 's') as 's' | 'm' | 'h'];
}

function report(error: unknown): number {
  if (error instanceof DeclarationError) terminal.note(showFindings(error.findings));
  if (!(error instanceof PlumblineError)) throw error;
  terminal.note(visible(error.message));
  if (error instanceof RefusedError)
    for (const reason of error.reasons) terminal.note(`  - ${visible(reason)}`);
  return error.exitCode;
}

async function finish(command: Promise<number>): Promise<void> {
  process.exitCode = await command.catch(report);
}

const program = new Command('plumbline')
  .description('A declarative GitOps reconciler for ClickHouse.')
  .addHelpText('after', '\nExit codes: 0 nothing to do or done, 1 error, 2 there are changes.')
  .showHelpAfterError();

program
  .command('validate')
  .description('check and lint the declarations without asking any server')
  .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
  .addOption(
    new Option('--format <format>', 'how mistakes are written')
      .choices(MISTAKE_FORMATS)
      .default('text' as const),
  )
  .action((options) =>
    finish(import('./commands/validate.ts').then(({ validate }) => validate(options, terminal))),
  );

program
  .command('lint')
  .description('tell what ClickHouse takes, and people who know it would not write')
  .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
  .addOption(
    new Option('--format <format>', 'how findings are written')
      .choices(LINT_FORMATS)
      .default('text' as const),
  )
  .addOption(
    new Option('--severity <severity>', 'the least that is told')
      .choices(SEVERITIES)
      .default('warning' as const),
  )
  .option('--strict', 'fail for warnings, too')
  .action((options) => finish(import('./commands/lint.ts').then(({ lint }) => lint(options, terminal))));

withEstate(program.command('plan').description('show how the servers differ from the declarations'))
  .addOption(format())
  .option('--out <file>', 'also save the plan, for apply')
  .addOption(refreshSecrets())
  .addOption(overrides())
  .option(
    '--rehearse',
    'also run the steps on embedded servers that hold the live definitions, and plan them again',
  )
  .addOption(
    new Option('--repairs', 'also compare the sites of pairs, and plan their repairs').conflicts('rehearse'),
  )
  .action((options) => finish(import('./commands/plan.ts').then(({ plan }) => plan(options, terminal))));

withEstate(program.command('apply').description('make the servers as declared'))
  .argument('[plan]', 'a plan saved by plan --out; without it, apply makes one and asks')
  .option('--yes', 'do not ask')
  .addOption(refreshSecrets())
  .option('--allow <name...>', 'let these happen: `destructive`, `rebuild`, or the name of an object')
  .option('--repairs', 'also compare the sites of pairs, and repair the passive ones')
  .addOption(overrides())
  .addOption(lockSeconds())
  .action((file, options) =>
    finish(import('./commands/apply.ts').then(({ apply }) => apply(file, options, terminal))),
  );

withEstate(program.command('drift').description('show what has changed on the servers'))
  .addOption(format())
  .action((options) => finish(import('./commands/drift.ts').then(({ drift }) => drift(options, terminal))));

withEstate(program.command('import').description('write declarations of what is live and not declared'))
  .option('--cluster <name...>', 'only these clusters')
  .option('--database <name...>', 'only these databases')
  .addOption(
    new Option('--layout <layout>', 'one file for each of these')
      .choices(['database', 'object'])
      .default('database' as const),
  )
  .option('--out <folder>', 'where the files go; the estate by default')
  .option('--all', 'also what is declared already')
  .option('--force', 'overwrite files')
  .option(
    '--patch',
    'print how the declarations must change for what drifted to be declared, for `git apply`',
  )
  .option('--name <name>', 'with --url: declare the server at that address as a cluster of this name')
  .option('--shards-of <cluster>', "with --name: take shards and replicas from this cluster of the server's")
  .action((options) =>
    finish(import('./commands/import-live.ts').then(({ importLive }) => importLive(options, terminal))),
  );

program
  .command('bootstrap')
  .description('print the users that Plumbline itself needs on the servers, and their rights')
  .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
  .option('--cluster <name...>', 'only for these clusters')
  .addOption(
    new Option('--format <format>', 'as statements, or as a file for users.d')
      .choices(BOOTSTRAP_FORMATS)
      .default('sql' as const),
  )
  .addOption(new Option('--for <whom>', 'only for one of the two').choices(ACCOUNTS))
  .option('--planner <name>', 'the user that plans and watches', 'plumbline_planner')
  .option('--applier <name>', 'the user that applies, loads and repairs', 'plumbline_applier')
  .option('--roles', 'roles of these names, instead of users')
  .action((options) =>
    finish(import('./commands/bootstrap.ts').then(({ bootstrap }) => bootstrap(options, terminal))),
  );

withEstate(program.command('unlock').description('remove the lock that a killed apply left behind')).action(
  (options) => finish(import('./commands/unlock.ts').then(({ unlock }) => unlock(options, terminal))),
);

const pairs = program.command('dr').description('compare the two sites of declared pairs');
const aboutPairs = <C extends Command>(command: C) =>
  withEstate(command).option('--pair <name...>', 'only these pairs').addOption(written(DR_FORMATS));

aboutPairs(
  pairs
    .command('status')
    .description('show which site is active, what answers, what is in sync, and whether to fail back'),
)
  .option('--record', 'keep the check in plumbline.dr_checks on both sites')
  .action((options) => finish(import('./commands/dr.ts').then(({ dr }) => dr(options, terminal))));

aboutPairs(pairs.command('compare').description('show where the sites differ, and keep nothing'))
  .option('--table <pattern...>', 'only tables such as `shop.orders` or `shop.*`')
  .addOption(
    new Option('--depth <depth>', 'how deep to look, instead of as declared').choices(['rows', 'digest']),
  )
  .action((options) => finish(import('./commands/dr.ts').then(({ dr }) => dr(options, terminal))));

withEstate(
  pairs.command('repair').description('make the passive sites as the active ones, partition by partition'),
)
  .option('--pair <name...>', 'only these pairs')
  .option('--table <pattern...>', 'only tables such as `shop.orders` or `shop.*`')
  .option('--partition <id...>', 'only partitions of these ids')
  .option('--yes', 'repair without asking')
  .addOption(lockSeconds())
  .action((options) =>
    finish(import('./commands/dr-repair.ts').then(({ drRepair }) => drRepair(options, terminal))),
  );

aboutPairs(pairs.command('watch').description('check the pairs again and again until it is told to stop'))
  .addOption(
    new Option('--every <time>', 'the time between two checks, such as 60s or 5m')
      .argParser(period)
      .default(60, '60s'),
  )
  .option('--repair', 'repair the passive sites behind every check in which they differ')
  .addOption(lockSeconds())
  .action((options) =>
    finish(import('./commands/dr-watch.ts').then(({ drWatch }) => drWatch(options, terminal))),
  );

const count = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It takes a number above 0.');
  return value;
};

const federations = program.command('federation').description('clusters that are read as one');

withEstate(
  federations
    .command('verify')
    .description('ask the other members what the reading member was asked, and compare the answers'),
)
  .option('--federation <name>', 'which one, where several are declared')
  .option(
    '--queries <file>',
    'SELECTs to ask, each ended by a semicolon, instead of those in system.query_log',
  )
  .option('--days <days>', 'how far back the log is read', count, 7)
  .option('--shapes <count>', 'how many different queries are asked, the newest first', count, 200)
  .option('--max-time <seconds>', 'how long a query may take', count, 30)
  .option('--max-rows <rows>', 'how many rows an answer may have', count, 100_000)
  .option('--slower <times>', 'from how many times as long on a query counts as slower', count, 3)
  .option('--show-values', 'show the literals of queries, which may be secret or personal')
  .addOption(written(VERIFY_FORMATS))
  .action((options) =>
    finish(
      import('./commands/federation-verify.ts').then(({ federationVerify }) =>
        federationVerify(options, terminal),
      ),
    ),
  );

withEstate(federations.command('status').description('show stage, rows, and what lets in the next stage'))
  .addOption(written(FEDERATION_FORMATS))
  .action((options) =>
    finish(import('./commands/federation.ts').then(({ federation }) => federation(options, terminal))),
  );

const histories = program
  .command('scd')
  .description('load tables with history, and prove that they are right');
const aboutHistories = <C extends Command>(command: C) =>
  withEstate(command)
    .option('--tenant <name...>', 'only these tenants')
    .option('--table <name...>', 'only these tables: database.name')
    .addOption(written(SCD_FORMATS));

aboutHistories(histories.command('load').description('load what the feeds of tenants bring'))
  .option('--feed <name...>', 'only these feeds')
  .option('--at <time>', "the load's own time, such as 2026-01-31T12:00:00Z; the server's clock by default")
  .addOption(lockSeconds())
  .action((options) => finish(import('./commands/scd.ts').then(({ scdLoad }) => scdLoad(options, terminal))));

aboutHistories(
  histories.command('check').description('prove that versions neither overlap nor leave gaps, and more'),
).action((options) =>
  finish(import('./commands/scd.ts').then(({ scdCheck }) => scdCheck(options, terminal))),
);

aboutHistories(
  histories.command('expire').description('show what ended before the retention of tenants, and remove it'),
)
  .option('--yes', 'remove it for good')
  .addOption(lockSeconds())
  .action((options) =>
    finish(import('./commands/scd.ts').then(({ scdExpire }) => scdExpire(options, terminal))),
  );

program
  .command('up')
  .description('keep the declared estate running on embedded servers until Ctrl-C')
  .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
  .action((options) => finish(import('./commands/up.ts').then(({ up }) => up(options, terminal))));

program.addCommand(githubCommands(finish));

program
  .command('demo')
  .description('see the life of a change on real servers, from the first plan to drift and back')
  .action(() => finish(import('./commands/demo.ts').then(({ demo }) => demo(terminal))));

await program.parseAsync();
