/** Who may allow a destructive plan by setting its label, and who may not: everything that is not certain is a no. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApprovalRequest, readApprovals } from '../src/github/approvals.ts';
import { shownSince } from '../src/github/comment.ts';
import { findPlanComment } from '../src/github/find-comment.ts';
import { guardedFiles } from '../src/github/guarded-files.ts';
import { toPullRequest } from '../src/github/pull-request.ts';
import type { Plan } from '../src/model/plan.ts';
import type { Guarded } from '../src/model/review.ts';
import type { Step } from '../src/model/step.ts';
import { createScene, digestOf, KEY, LABEL, type Scene } from './support/github-scene.ts';
import { WORKFLOW_PERMISSIONS } from './support/github-server.ts';
import { type OpenedPull, shaOf } from './support/github-state.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
  scene.state.addUser('labeler[bot]', 'write', 'Bot');
  scene.state.addTeam('data', { grace: 'active', admin: 'pending' });
});
afterAll(() => scene.close());

const PLAN = digestOf('plan');
const DESTRUCTIVE: ReadonlyMap<Guarded, readonly string[]> = new Map([
  ['destructive', ['schemas/shop.yaml']],
]);

interface Ask extends Partial<ApprovalRequest> {
  readonly token?: string;
}

/** As the command asks: from the comment, and from the pull request as it is now. */
async function ask(number: number, { token, ...over }: Ask = {}) {
  const github = await scene.connect();
  const query = { number, estate: '.', key: KEY };
  const since = shownSince(await findPlanComment(github, query), PLAN);
  const { owner, name: repo } = github.repository;
  const raw = await github.rest.pulls.get({ owner, repo, pull_number: number });
  const pull = toPullRequest(raw.data);
  const request = { pull, estate: '.', since, baseRef: 'main', guarded: DESTRUCTIVE, ...over };
  scene.countRequests();
  const [answer] = await readApprovals(token ? await scene.connect(token) : github, request);
  return answer ?? { allowed: false, reason: 'no answer' };
}

async function planned(opened: Partial<OpenedPull> = {}): Promise<number> {
  const number = scene.state.openPull({ author: 'ada', files: ['schemas/shop.yaml'], ...opened });
  await scene.plan(number, { digest: PLAN, text: 'Drop `shop.orders`.' });
  return number;
}

describe('a label', () => {
  it('allows when a person with write access who is not the author set it', async () => {
    for (const by of ['grace', 'admin']) {
      const number = await planned();
      scene.state.label(number, LABEL, by);
      expect(await ask(number)).toEqual({
        verdict: 'destructive',
        allowed: true,
        reason: `@${by} set ${LABEL}`,
      });
    }
  });

  it('is missed where nobody set it, without asking who', async () => {
    const number = await planned();
    expect(await ask(number)).toMatchObject({ allowed: false, reason: `nobody has set ${LABEL}` });
    scene.state.label(number, 'plumbline:allow-rebuild', 'grace');
    expect(await ask(number)).toMatchObject({ allowed: false, reason: `nobody has set ${LABEL}` });
  });

  it.each([
    ['ada', '@ada set it, who is the author of the pull request'],
    ['reader', '@reader set it, who has no write access'],
    ['stranger', '@stranger set it, who has no write access'],
    ['labeler[bot]', '@labeler[bot] set it, which is no person'],
    ['github-actions[bot]', '@github-actions[bot] set it, which is no person'],
  ])('does not count from %s', async (by, why) => {
    const number = await planned();
    scene.state.label(number, LABEL, by);
    expect(await ask(number)).toMatchObject({ allowed: false, reason: `${LABEL} does not count: ${why}` });
  });

  it('counts as its last setter left it', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    scene.state.unlabel(number, LABEL, 'ada');
    expect((await ask(number)).allowed).toBe(false);
    scene.state.label(number, LABEL, 'ada');
    expect((await ask(number)).reason).toContain('who is the author');
    scene.state.unlabel(number, LABEL, 'grace');
    scene.state.label(number, LABEL, 'grace');
    expect((await ask(number)).allowed).toBe(true);
  });

  it('does not count for whoever took over the login of its setter', async () => {
    const number = await planned();
    scene.state.addUser('hopper', 'none');
    scene.state.label(number, LABEL, 'hopper');
    scene.state.addUser('hopper', 'write');
    expect((await ask(number)).reason).toContain('@hopper set it, who has no write access');
  });

  it('is looked for behind hundreds of others', async () => {
    const number = await planned();
    for (let n = 0; n < 60; n++) {
      scene.state.label(number, 'bug', 'grace');
      scene.state.unlabel(number, 'bug', 'grace');
    }
    scene.state.label(number, LABEL, 'grace');
    expect((await ask(number)).allowed).toBe(true);
    scene.state.label(number, 'bug', 'ada');
    scene.state.unlabel(number, LABEL, 'ada');
    for (let n = 0; n < 60; n++) {
      scene.state.label(number, `other ${n}`, 'grace');
    }
    expect((await ask(number)).allowed).toBe(false);
  });

  it('that was taken off is not allowed by its history, nor one that is on by a missing history', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    const on = { number, author: { login: 'ada', id: scene.state.user('ada').id, type: 'User' } };
    const pull = {
      ...on,
      headSha: '',
      headRef: '',
      fork: false,
      baseRef: 'main',
      baseSha: '',
      open: true,
      merged: false,
    };
    expect((await ask(number, { pull: { ...pull, labels: [] } })).allowed).toBe(false);
    scene.state.unlabel(number, LABEL, 'grace');
    expect((await ask(number, { pull: { ...pull, labels: [LABEL] } })).allowed).toBe(false);
    const other = await planned();
    scene.state.issue(other).labels.add(LABEL);
    expect((await ask(other)).reason).toBe(`nobody has set ${LABEL}`);
  });
});

describe('a label for another plan', () => {
  const late = 'set it before this plan was shown; take it off and set it again';

  it('allows nothing: set before the first plan', async () => {
    const number = scene.state.openPull({ author: 'ada' });
    scene.state.label(number, LABEL, 'grace');
    expect((await ask(number)).reason).toContain(late);
    await scene.plan(number, { digest: PLAN, text: 'Drop it.' });
    expect((await ask(number)).reason).toContain(late);
  });

  it('allows nothing: set for plan A, and then came plan B', async () => {
    const number = scene.state.openPull({ author: 'ada' });
    await scene.plan(number, { digest: digestOf('A'), text: 'Drop a column.' });
    scene.state.label(number, LABEL, 'grace');
    scene.state.push(number, shaOf('B'));
    await scene.plan(number, { digest: PLAN, text: 'Drop the table.' });
    expect((await ask(number)).reason).toContain(late);
    scene.state.unlabel(number, LABEL, 'grace');
    scene.state.label(number, LABEL, 'grace');
    expect((await ask(number)).allowed).toBe(true);
  });

  it('allows nothing when plan A comes back after plan B', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    await scene.plan(number, { digest: digestOf('B'), text: 'Another.' });
    await scene.plan(number, { digest: PLAN, text: 'Drop it.' });
    expect((await ask(number)).reason).toContain(late);
  });

  it('allows nothing when set within the second in which the plan came', async () => {
    const number = scene.state.openPull({ author: 'ada' });
    scene.state.holdClock(true);
    await scene.plan(number, { digest: PLAN, text: 'Drop it.' });
    scene.state.label(number, LABEL, 'grace');
    scene.state.holdClock(false);
    expect((await ask(number)).reason).toContain(late);
  });

  it('is the same plan when a push changes nothing of what it means', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    scene.state.push(number, shaOf('a comment in the YAML'));
    await scene.plan(number, { digest: PLAN, text: 'Drop `shop.orders`.' });
    expect((await ask(number)).allowed).toBe(true);
  });

  it('allows nothing when somebody edited the comment since', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    const [comment] = scene.state.commentsOf(number);
    scene.state.editComment(comment?.id ?? 0, `${comment?.body} `);
    expect((await ask(number)).reason).toContain(late);
    scene.state.editComment(comment?.id ?? 0, `${comment?.body}!`);
    expect((await ask(number)).reason).toContain(late);
  });
});

describe('the policy of the base branch', () => {
  const withPolicy = (text: string, files: Record<string, string> = {}) =>
    scene.state.setFiles('main', { 'README.md': 'Hello.', 'plumbline.yaml': text, ...files });

  it('names other labels, and may trust the author', async () => {
    withPolicy('approval:\n  labels: {destructive: danger}\n  author_may_allow: true\n');
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    expect((await ask(number)).reason).toBe('nobody has set danger');
    scene.state.label(number, 'danger', 'ada');
    expect(await ask(number)).toMatchObject({ allowed: true, reason: '@ada set danger' });
  });

  it('is read at the commit that is asked for, never at the head', async () => {
    const number = await planned();
    const { headSha } = scene.state.pull(number);
    scene.state.setFiles(headSha, { 'plumbline.yaml': 'approval: {author_may_allow: true}\n' });
    scene.state.setFiles('before', { 'plumbline.yaml': 'approval: {author_may_allow: false}\n' });
    scene.state.label(number, LABEL, 'ada');
    expect((await ask(number, { baseRef: 'before' })).allowed).toBe(false);
  });

  it('allows nothing while it has a mistake, or is at no commit that exists', async () => {
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    withPolicy('approval:\n  code_owner: true\n');
    expect((await ask(number)).reason).toBe(
      'this could not be checked: the policy has a mistake: plumbline.yaml:2:3 unknown key `code_owner`; did you mean `code_owners`?',
    );
    expect((await ask(number, { baseRef: shaOf('nowhere') })).reason).toContain('this could not be checked');
    scene.state.setFiles('main', { 'README.md': 'Hello.' });
    expect((await ask(number)).allowed).toBe(true);
  });

  describe('that asks for code owners', () => {
    const owned = (owners: string, place = '.github/CODEOWNERS') =>
      withPolicy('approval: {code_owners: true}\n', { [place]: owners });

    async function asked(owners: string, opened: Partial<OpenedPull> = {}, over: Ask = {}) {
      owned(owners);
      const number = await planned(opened);
      scene.state.label(number, LABEL, 'grace');
      return await ask(number, over);
    }

    it('takes the last line that matches, in the first file there is', async () => {
      expect((await asked('* @admin\n/schemas/ @grace')).allowed).toBe(true);
      expect((await asked('* @grace\n/schemas/ @admin')).reason).toBe(
        `${LABEL} does not count: schemas/shop.yaml is owned by @admin, and @grace is not among them`,
      );
      for (const place of ['CODEOWNERS', 'docs/CODEOWNERS']) {
        owned('* @GRACE', place);
        const number = await planned();
        scene.state.label(number, LABEL, 'grace');
        expect((await ask(number)).allowed).toBe(true);
      }
    });

    it('allows nothing that nobody owns, and nothing without the file', async () => {
      expect((await asked('* @grace\n/schemas/')).reason).toContain(
        'CODEOWNERS names nobody for schemas/shop.yaml',
      );
      expect((await asked('docs/* @grace')).reason).toContain('CODEOWNERS names nobody');
      withPolicy('approval: {code_owners: true}\n');
      const number = await planned();
      scene.state.label(number, LABEL, 'grace');
      expect((await ask(number)).reason).toContain('the base branch has no CODEOWNERS');
    });

    it('asks for an owner of all that the pull request changes, also of where a file was before', async () => {
      const owners = '* @grace\n/schemas/finance.yaml @admin';
      const moved = { files: [{ filename: 'schemas/mine.yaml', previous: 'schemas/finance.yaml' }] };
      const guarded = new Map([['destructive' as const, ['schemas/mine.yaml']]]);
      expect((await asked(owners, moved, { guarded })).reason).toContain(
        'schemas/finance.yaml is owned by @admin',
      );
      expect((await asked(owners, { files: ['schemas/mine.yaml', 'finance.md'] }, { guarded })).allowed).toBe(
        true,
      );
    });

    it('allows nothing where the declarations can not be told', async () => {
      const guarded = new Map([['destructive' as const, []]]);
      expect((await asked('* @grace', { files: ['README.md'] }, { guarded })).reason).toContain(
        'which declarations it is about can not be told',
      );
      const files = Array.from({ length: 3000 }, (_, n) => `schemas/${n}.yaml`);
      expect((await asked('* @grace', { files })).reason).toContain('changes too many files to list');
    });

    it('knows teams where the token may read them, and says so where not', async () => {
      const team = '* @acme/data';
      expect((await asked(team)).reason).toContain("whether that is so for @acme/data this token can't tell");
      const token = scene.token({ ...WORKFLOW_PERMISSIONS, members: 'read' });
      expect(await asked(team, {}, { token })).toMatchObject({ allowed: true });
      owned(team);
      const pending = await planned();
      scene.state.label(pending, LABEL, 'admin');
      expect((await ask(pending, { token })).allowed).toBe(false);
      expect((await asked('* @elsewhere/data', {}, { token })).allowed).toBe(false);
      expect((await asked('* grace@example.com')).reason).toContain(
        "for grace@example.com this token can't tell",
      );
    });
  });
});

describe('nothing is allowed when GitHub does not answer', () => {
  let request: ApprovalRequest;
  beforeAll(async () => {
    scene.state.setFiles('main', {
      'plumbline.yaml': 'approval: {code_owners: true}',
      CODEOWNERS: '* @grace',
    });
    const number = await planned();
    scene.state.label(number, LABEL, 'grace');
    const github = await scene.connect();
    const { data } = await github.rest.pulls.get({ owner: 'acme', repo: 'warehouse', pull_number: number });
    const search = await findPlanComment(github, { number, estate: '.', key: KEY });
    const known = { pull: toPullRequest(data), since: shownSince(search, PLAN) };
    request = { ...known, estate: '.', baseRef: 'main', guarded: DESTRUCTIVE };
    expect(await readApprovals(github, request)).toMatchObject([{ allowed: true }]);
  });

  const operations = [
    'repos/get-content',
    'issues/list-events',
    'repos/get-collaborator-permission-level',
    'pulls/list-files',
  ];
  const statuses = [401, 403, 404, 422, 429, 500];
  const cases = operations.flatMap((operation) => statuses.map((status) => [operation, status] as const));

  it.each(cases)('%s with %i', async (operation, status) => {
    const headers = { 'retry-after': '999' };
    const times = status >= 500 ? 4 : 1;
    scene.fail({ operation, status, times, headers, message: 'secondary rate limit' });
    const [answer] = await readApprovals(await scene.connect(), request);
    expect(answer?.allowed).toBe(false);
    expect(answer?.reason).toMatch(/^this could not be checked: /);
    if (status === 404 && operation === 'repos/get-content')
      expect(answer?.reason).toContain("can't be told");
  });
});

describe('the steps that need permission', () => {
  const at = (file: string) => ({ file, line: 1, column: 1 });
  const step = (verdict: Step['verdict'], file?: string): Step => ({
    ...{
      action: 'alter',
      object: { kind: 'table', path: ['shop', 'orders'] },
      statements: [],
      verdict,
      hazards: [],
    },
    ...{ changes: [], refusals: [], fingerprint: 'x', ...(file ? { place: at(file) } : {}) },
  });

  it('name the files in the repository that they come from', () => {
    const steps = [
      step('destructive', 'schemas/b.yaml'),
      step('destructive'),
      step('destructive', 'schemas/a.yaml'),
    ];
    const node = { node: 'a', address: 'a:1', steps: [...steps, step('metadata', 'schemas/c.yaml')] };
    const cluster = { cluster: 'c', edition: 'oss', nodes: [{ ...node, unmanaged: [], findings: [] }] };
    const plan = { format: 1, digest: '', clusters: [cluster] } as unknown as Plan;
    expect([...guardedFiles(plan, 'eu')]).toEqual([
      ['destructive', ['eu/schemas/a.yaml', 'eu/schemas/b.yaml']],
    ]);
    expect([...guardedFiles(plan, '.')]).toEqual([['destructive', ['schemas/a.yaml', 'schemas/b.yaml']]]);
  });

  it('are none: nothing is asked', async () => {
    scene.countRequests();
    const github = await scene.connect();
    const pull = { number: 1 } as ApprovalRequest['pull'];
    const request = { pull, estate: '.', since: undefined, baseRef: 'main', guarded: new Map() };
    expect(await readApprovals(github, request)).toEqual([]);
    expect(scene.countRequests()).toBe(0);
  });
});
