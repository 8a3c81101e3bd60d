/**
 * The whole life of pull requests: a real Git repository, real servers, a stand-in for GitHub that checks every request, and
 * the very commands that the workflows run.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createScene, KEY, LABEL, type Scene } from './support/github-scene.ts';
import { WORKFLOW_PERMISSIONS } from './support/github-server.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const ACTION = resolve(import.meta.dirname, '..');
const run = promisify(execFile);

let estate: TestEstate;
let scene: Scene;
let files: string;

async function git(...words: string[]): Promise<string> {
  const { stdout } = await run('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com', ...words], {
    cwd: estate.folder,
  });
  return stdout.trim();
}

async function commit(message: string, schemas: Readonly<Record<string, string>>): Promise<string> {
  await estate.write(schemas);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD');
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The line that the action runs, as it stands in action.yml. */
async function actionLine(): Promise<string> {
  const action = parse(await readFile(join(ACTION, 'action.yml'), 'utf8')) as {
    runs: { steps: { name?: string; run?: string }[] };
  };
  return action.runs.steps.find(({ name }) => name === 'Run')?.run ?? '';
}

async function workflow(
  command: string,
  event: string,
  payload: object,
  more: Record<string, string> = {},
): Promise<Result> {
  const payloadFile = join(files, 'event.json');
  const summary = join(files, 'summary.md');
  await writeFile(payloadFile, JSON.stringify(payload));
  await writeFile(summary, '');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: files,
    CI: 'true',
    GITHUB_ACTION_PATH: ACTION,
    GITHUB_ACTOR: 'ada',
    GITHUB_API_URL: scene.url,
    GITHUB_EVENT_NAME: event,
    GITHUB_EVENT_PATH: payloadFile,
    GITHUB_REF_NAME: 'main',
    GITHUB_REPOSITORY: scene.state.repository,
    GITHUB_RUN_ID: '77',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: await git('rev-parse', 'HEAD'),
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_TOKEN: scene.token(WORKFLOW_PERMISSIONS),
    PLUMBLINE_COMMAND: command,
    PLUMBLINE_ESTATE: '.',
    PLUMBLINE_LIVE: 'true',
    PLUMBLINE_SIGNING_KEY: KEY,
    ...more,
  };
  try {
    return { code: 0, ...(await run('bash', ['-c', await actionLine()], { cwd: estate.folder, env })) };
  } catch (error) {
    return error as Result;
  }
}

/** What GitHub puts into the event of a pull request. */
function pullEvent(number: number): object {
  const { headSha, headRef, baseSha, baseRef, fork } = scene.state.pull(number);
  const issue = scene.state.issue(number);
  const account = { login: issue.author, id: scene.state.user(issue.author).id, type: 'User' };
  return {
    action: 'synchronize',
    pull_request: {
      ...{ number, state: 'open', user: account, merged_at: null, merge_commit_sha: null },
      head: { sha: headSha, ref: headRef, repo: { id: fork ? 2 : 1 } },
      base: { sha: baseSha, ref: baseRef, repo: { id: 1 } },
      labels: [...issue.labels].map((name) => ({ name })),
    },
  };
}

async function openPull(
  branch: string,
  schemas: Readonly<Record<string, string>>,
  fork = false,
): Promise<number> {
  const baseSha = await git('rev-parse', 'main');
  await git('switch', '--quiet', '--create', branch, 'main');
  const headSha = await commit(branch, schemas);
  scene.state.setFiles(baseSha, { 'README.md': 'No policy, so the defaults hold.' });
  return scene.state.openPull({
    author: 'ada',
    headSha,
    headRef: branch,
    baseSha,
    title: branch,
    fork,
    files: ['schemas/shop.yaml'],
  });
}

/** A merge commit on main, as GitHub makes one; the checkout is then main's. */
async function merge(number: number): Promise<{ readonly before: string; readonly after: string }> {
  await git('switch', '--quiet', 'main');
  const before = await git('rev-parse', 'HEAD');
  await git('merge', '--quiet', '--no-ff', '--message', `Merge #${number}`, scene.state.pull(number).headSha);
  const after = await git('rev-parse', 'HEAD');
  scene.state.merge(number, after);
  return { before, after };
}

const planOf = (number: number): Promise<Result> => workflow('plan', 'pull_request', pullEvent(number));
const applyOf = (pushed: object): Promise<Result> =>
  workflow('apply', 'push', { ref: 'refs/heads/main', ...pushed });
const driftNow = (): Promise<Result> => workflow('drift', 'schedule', { schedule: '17 * * * *' });

function commentsOf(number: number): string[] {
  return [...scene.state.comments.values()].filter(({ issue }) => issue === number).map(({ body }) => body);
}

const shop = (columns: string): Record<string, string> => ({
  'shop.yaml': `kind: Database\nname: shop\non: test\n---\nkind: Table\ndatabase: shop\nname: orders\norder_by: id\ncolumns:\n${columns}`,
});
const ID = '  id: UInt64\n';
const TOTAL = '  total: { type: Float64, default: 0 }\n';
const NOTE = '  note: String\n';

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'plumbline-github-'));
  [estate, scene] = await Promise.all([startTestEstate(2), createScene()]);
  await git('init', '--quiet', '--initial-branch', 'main');
  await writeFile(join(estate.folder, '.gitignore'), 'servers/\n.plumbline/\nplumbline-artifacts/\n');
  await commit('Begin', { 'empty.yaml': 'kind: Database\nname: other\non: test\n' });
});

afterAll(async () => {
  await scene.close();
  await estate.stop();
  await rm(files, { recursive: true, force: true });
});

describe('a pull request that creates a table', () => {
  let number: number;

  it('shows its plan in one comment', async () => {
    number = await openPull('orders', shop(ID + NOTE));
    scene.countRequests();
    const { code, stderr } = await planOf(number);
    expect(stderr).toContain("The plan's comment was created");
    expect(code).toBe(0);
    expect(scene.countRequests()).toBeLessThanOrEqual(3);
    const [comment = ''] = commentsOf(number);
    expect(comment).toContain('2 to create');
    expect(comment).toContain('Rehearsed on');
  });

  it('edits the comment after a push, and keeps the old plan folded', async () => {
    scene.state.push(number, await commit('more', shop(ID + NOTE + TOTAL)));
    expect((await planOf(number)).stderr).toContain("The plan's comment was updated");
    const comments = commentsOf(number);
    expect(comments).toHaveLength(1);
    expect(comments[0]).toContain('total');
    expect(comments[0]?.length).toBeLessThan(60_000);
  });

  it('is not written again when nothing has changed', async () => {
    expect((await planOf(number)).stderr).toContain("The plan's comment was unchanged");
  });

  it('tells mistakes in the declarations in the same comment, and then the plan again', async () => {
    const good = await git('rev-parse', 'HEAD');
    scene.state.push(number, await commit('oops', shop(`${ID}${NOTE}${TOTAL}  odd: { typ: UInt8 }\n`)));
    const { code, stderr } = await planOf(number);
    expect(code).toBe(1);
    expect(stderr).toContain('schemas/shop.yaml:13:10  error  unknown key `typ`; did you mean `type`?');
    const [comment = '', ...others] = commentsOf(number);
    expect(others).toEqual([]);
    expect(comment).toContain('unknown key');
    await git('reset', '--quiet', '--hard', good);
    scene.state.push(number, good);
    expect((await planOf(number)).code).toBe(0);
    expect(commentsOf(number)[0]).toContain('2 to create');
  });

  it('is applied after the merge, and reported', async () => {
    const pushed = await merge(number);
    const { code, stdout } = await applyOf(pushed);
    expect(stdout).toContain('Planned again: everything is as declared.');
    expect(code).toBe(0);
    expect(commentsOf(number).at(-1)).toContain('### Applied');
    expect((await applyOf(pushed)).stdout).toContain('Nothing to apply');
  });
});

describe('a pull request that drops a column', () => {
  let number: number;

  it('is refused after the merge while nobody allowed it', async () => {
    await estate.sql[0]?.run("INSERT INTO shop.orders (id, note) VALUES (1, 'x')");
    number = await openPull('drop-note', shop(ID + TOTAL));
    await planOf(number);
    expect(commentsOf(number)[0]).toContain('destructive');
    const pushed = await merge(number);
    const { code, stderr } = await applyOf(pushed);
    expect(code).toBe(1);
    expect(stderr).toContain(`nobody has set ${LABEL}`);
    expect(commentsOf(number).at(-1)).toContain('Nothing was applied');
  });

  it('is applied when somebody else with write access sets the label', async () => {
    scene.state.label(number, LABEL, 'grace');
    const head = await git('rev-parse', 'HEAD');
    const { code, stdout } = await applyOf({ before: await git('rev-parse', 'HEAD~1'), after: head });
    expect(stdout).toContain('Planned again: everything is as declared.');
    expect(code).toBe(0);
  });
});

describe('servers that move between review and merge', () => {
  it('stop the apply, which names what moved', async () => {
    const number = await openPull(
      'comment',
      shop(`${ID}  total: { type: Float64, default: 0, comment: In euros }\n`),
    );
    await planOf(number);
    await estate.sql[1]?.run('ALTER TABLE shop.orders ADD COLUMN by_hand UInt8');
    const { code, stderr } = await applyOf(await merge(number));
    expect(code).toBe(1);
    expect(stderr).toContain('table shop.orders on test-2 is not as it was reviewed, or moved since');
    expect(stderr).not.toContain('on test-1');
    await estate.sql[1]?.run('ALTER TABLE shop.orders DROP COLUMN by_hand');
    const head = await git('rev-parse', 'HEAD');
    expect((await applyOf({ before: head, after: head })).code).toBe(0);
  });
});

describe('merges in quick succession', () => {
  it('are applied together by the last one, each step as its own pull request showed it', async () => {
    const base = shop(`${ID}  total: { type: Float64, default: 0, comment: In euros }\n`);
    const table = (name: string): string =>
      `kind: Table\ndatabase: shop\nname: ${name}\norder_by: id\ncolumns:\n${ID}`;
    const numbers: number[] = [];
    for (let at = 0; at < size(2, 20); at++) {
      numbers.push(await openPull(`quick-${at}`, { ...base, [`quick_${at}.yaml`]: table(`quick_${at}`) }));
      await planOf(numbers.at(-1) ?? 0);
    }
    const pushes: { before: string; after: string }[] = [];
    for (const number of numbers) pushes.push(await merge(number));
    // GitHub drops the runs that wait in between; the one that is left applies the branch's newest commit.
    const { code, stdout } = await applyOf(pushes.at(-1) ?? {});
    expect(stdout).toContain('Planned again: everything is as declared.');
    expect(code).toBe(0);
    for (const number of numbers) expect(commentsOf(number).at(-1)).toContain('### Applied');
    // An older run that comes late finds nothing to do: it, too, applies the newest commit.
    expect((await applyOf(pushes[0] ?? {})).stdout).toContain('Nothing to apply');
  });
});

describe('a pull request from a fork', () => {
  it('gets a rehearsal in the step summary, without asking a live server or writing a comment', async () => {
    const schemas = {
      'fork.yaml':
        'kind: Database\nname: forked\non: test\n---\nkind: Table\ndatabase: forked\nname: t\ncolumns: { a: UInt8 }\n',
    };
    const number = await openPull('fork', schemas, true);
    const before = scene.requests.length;
    const { code, stderr } = await workflow('plan', 'pull_request', pullEvent(number), {
      PLUMBLINE_LIVE: 'false',
      PLUMBLINE_SIGNING_KEY: '',
      GITHUB_TOKEN: scene.token({ metadata: 'read', contents: 'read' }),
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(scene.requests.length).toBe(before);
    const summary = await readFile(join(files, 'summary.md'), 'utf8');
    expect(summary).toContain('forked');
    expect(summary).toContain('1 lint warning about what changes here');
    await git('switch', '--quiet', 'main');
  });
});

describe('drift', () => {
  const issues = () => [...scene.state.issues.values()].filter(({ pull }) => pull === undefined);

  it('opens one issue, which says what, where and who', async () => {
    await estate.sql[1]?.run("ALTER TABLE shop.orders COMMENT COLUMN total 'by hand'");
    await estate.sql[1]?.run('SYSTEM FLUSH LOGS');
    expect((await driftNow()).code).toBe(2);
    expect((await driftNow()).stderr).toContain('The drift issue: unchanged');
    expect(issues()).toHaveLength(1);
    expect(issues()[0]?.body).toContain('by hand');
    expect(issues()[0]?.body).toContain('`default` at ');
  });

  it('closes it when an apply has put it right', async () => {
    expect((await workflow('apply', 'workflow_dispatch', { inputs: {} })).code).toBe(0);
    const { code, stderr } = await driftNow();
    expect(stderr).toContain('The drift issue: closed');
    expect(code).toBe(0);
    expect(issues()[0]?.open).toBe(false);
  });

  it('closes it when somebody has accepted it, by the patch that it shows', async () => {
    for (const sql of estate.sql)
      await sql.run("ALTER TABLE shop.orders COMMENT COLUMN total 'in ```cents```'");
    expect((await driftNow()).code).toBe(2);
    const body = issues().find(({ open }) => open)?.body ?? '';
    const [, , patch = ''] = /^(`{3,})diff\n(--- a[\s\S]*?\n)\1$/m.exec(body) ?? [];
    await writeFile(join(files, 'accept.patch'), patch);
    await git('apply', join(files, 'accept.patch'));
    await git('commit', '--quiet', '--all', '--message', 'Accept it');
    const { code, stderr } = await driftNow();
    expect([code, stderr]).toEqual([0, expect.stringContaining('The drift issue: closed')]);
  });
});
