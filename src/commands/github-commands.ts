/** What the workflows run, as commands: how each command ends goes in, `plumbline github` comes out. */
import { Command, Option } from '@commander-js/extra-typings';
import { connectTimeout } from './options.ts';
import { terminal } from './output.ts';

/** `finish` takes a command's exit code, or shows its error. */
export function githubCommands(finish: (command: Promise<number>) => Promise<void>): Command {
  const github = new Command('github').description(
    'what the workflows run; needs the environment of GitHub Actions',
  );
  const inWorkflow = <C extends Command>(command: C) =>
    command
      .option('--estate <folder>', 'the folder that holds clusters/, schemas/ and tenants/', '.')
      .option('--artifacts <folder>', 'where files for the artifact go', 'plumbline-artifacts')
      .addOption(connectTimeout());

  inWorkflow(github.command('plan').description("show a pull request's plan in its comment"))
    .addOption(
      new Option('--live <live>', 'whether the live servers are asked')
        .choices(['true', 'false'])
        .default('true'),
    )
    .action(({ live, ...options }) =>
      finish(
        import('./github-plan.ts').then(({ githubPlan }) =>
          githubPlan({ ...options, live: live === 'true' }, terminal),
        ),
      ),
    );

  inWorkflow(github.command('apply').description('apply what was reviewed, after the merge'))
    .addOption(
      new Option('--live <live>', 'only for the action, which says the same to all commands').hideHelp(),
    )
    .action((options) =>
      finish(import('./github-apply.ts').then(({ githubApply }) => githubApply(options, terminal))),
    );

  inWorkflow(github.command('drift').description('keep one issue about what has changed on the servers'))
    .addOption(
      new Option('--live <live>', 'only for the action, which says the same to all commands').hideHelp(),
    )
    .action((options) =>
      finish(import('./github-drift.ts').then(({ githubDrift }) => githubDrift(options, terminal))),
    );

  inWorkflow(
    github.command('histories').description('load tables with history and prove that they are right'),
  )
    .addOption(
      new Option('--live <live>', 'only for the action, which says the same to all commands').hideHelp(),
    )
    .action((options) =>
      finish(
        import('./github-histories.ts').then(({ githubHistories }) => githubHistories(options, terminal)),
      ),
    );
  return github;
}
