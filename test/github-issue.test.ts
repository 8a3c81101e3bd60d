/** Issues that live as long as what they are about, and reports on pull requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postReport } from '../src/github/report.ts';
import { findTopicIssue, keepTopicIssue, type TopicIssue } from '../src/github/topic-issue.ts';
import { createScene, type Scene } from './support/github-scene.ts';
import { WORKFLOW_PERMISSIONS } from './support/github-server.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});
afterAll(() => scene.close());

interface Run {
  readonly topic?: string;
  readonly estate?: string;
  readonly seen?: (issue: TopicIssue | undefined) => void;
}

/** As one scheduled run does it. */
async function run(text: string | undefined, { topic = 'drift', estate = '.', seen }: Run = {}) {
  const github = await scene.connect();
  const found = await findTopicIssue(github, { topic, estate });
  seen?.(found);
  const state = { topic, estate, title: `Drift of ${estate}`, text, closing: 'No drift any more.' };
  return await keepTopicIssue(github, state, found);
}

const about = (topic: string) =>
  [...scene.state.issues.values()].filter(({ labels }) => labels.has(`plumbline:${topic}`));

describe('the issue of a topic', () => {
  it('opens, changes, stays as it is, and closes with a comment', async () => {
    expect(await run(undefined)).toEqual({ action: 'none' });
    expect((await run('`shop.orders` has another column.')).action).toBe('opened');
    const [issue] = about('drift');
    const number = issue?.number ?? 0;
    scene.countRequests();
    expect((await run('`shop.orders` has another column.\n')).action).toBe('unchanged');
    expect(scene.countRequests()).toBe(1);
    let before: TopicIssue | undefined;
    const seen = (found: TopicIssue | undefined) => {
      before = found;
    };
    expect((await run('Two tables.', { seen })).action).toBe('updated');
    expect(scene.countRequests()).toBe(2);
    expect(before).toMatchObject({
      number,
      text: '`shop.orders` has another column.',
      since: issue?.createdAt,
    });
    expect((await run(undefined)).action).toBe('closed');
    expect(issue).toMatchObject({ open: false, stateReason: 'completed' });
    expect(scene.state.commentsOf(number).map(({ body }) => body)).toEqual(['No drift any more.']);
    expect(await run(undefined)).toEqual({ action: 'none' });
    expect((await run('Again.')).action).toBe('opened');
    expect(about('drift')).toHaveLength(2);
    expect((await run(undefined)).action).toBe('closed');
  });

  it('is one, however many runs there are', async () => {
    for (let n = 0; n < 12; n++) await run(`State ${n % 3}.`, { topic: 'feeds' });
    expect(about('feeds')).toHaveLength(1);
    expect(scene.state.commentsOf(about('feeds')[0]?.number ?? 0)).toEqual([]);
  });

  it('is its own for each topic and estate', async () => {
    await run('A.', { topic: 'failback', estate: 'eu' });
    await run('B.', { topic: 'failback', estate: 'us' });
    await run('C.', { topic: 'failback', estate: 'eu' });
    expect(about('failback').map(({ body }) => body.split('\n').at(-1))).toEqual(['C.', 'B.']);
  });

  it('that a person closed stays closed until something changes', async () => {
    const topic = 'closed-by-hand';
    await run('One.', { topic });
    const number = about(topic)[0]?.number ?? 0;
    scene.state.close(number, 'not_planned');
    expect((await run('One.', { topic })).action).toBe('muted');
    expect((await run('Two.', { topic })).action).toBe('reopened');
    scene.state.close(number);
    expect((await run(undefined, { topic })).action).toBe('none');
    expect((await run('Two.', { topic })).action).toBe('opened');
    expect(about(topic)).toHaveLength(2);
  });

  it("is found although somebody took its label off, and is never a person's or a pull request", async () => {
    const topic = 'unlabelled';
    await run('One.', { topic });
    const [issue] = about(topic);
    issue?.labels.clear();
    expect((await run('Two.', { topic })).action).toBe('updated');
    const forged = scene.state.openIssue('ada', 'Drift of .', issue?.body ?? '', [`plumbline:${topic}`]);
    expect((await run('Three.', { topic })).action).toBe('updated');
    expect(forged.body).not.toContain('Three.');
    const pull = scene.state.openPull({ author: 'github-actions[bot]' });
    scene.state.label(pull, `plumbline:${topic}`, 'grace');
    scene.state.issue(pull).body = issue?.body ?? '';
    expect((await run('Four.', { topic })).action).toBe('updated');
    expect(issue?.body).toContain('Four.');
  });

  it('is opened once although the answer is lost', async () => {
    scene.fail({ operation: 'issues/create', status: 502, afterwards: true });
    expect((await run('One.', { topic: 'lost' })).action).toBe('opened');
    expect(about('lost')).toHaveLength(1);
  });

  it('refuses a text that is too long, and names the permission that is missing', async () => {
    await expect(run('x'.repeat(65_536), { topic: 'long' })).rejects.toThrow('GitHub takes 65536');
    const github = await scene.connect(scene.token({ ...WORKFLOW_PERMISSIONS, issues: 'read' }));
    const state = { topic: 'denied', estate: '.', title: 'Drift', text: 'One.', closing: '' };
    await expect(keepTopicIssue(github, state, undefined)).rejects.toThrow('the token needs `issues: write`');
  });
});

describe('a report', () => {
  it('is a comment of its own, posted once for each run', async () => {
    const number = scene.state.openPull({ author: 'ada' });
    await scene.plan(number, { digest: 'a'.repeat(32), text: 'Plan.' });
    const github = await scene.connect();
    scene.countRequests();
    const url = await postReport(github, { number, estate: '.', runId: '5.1', text: 'Applied.' });
    expect(scene.countRequests()).toBe(1);
    expect(url).toMatch(/#issuecomment-\d+$/);
    scene.fail({ operation: 'issues/create-comment', status: 502, afterwards: true });
    const again = await scene.connect();
    await postReport(again, { number, estate: '.', runId: '6.1', text: 'Applied again.' });
    expect(scene.state.commentsOf(number).map(({ body }) => body.split('\n').at(-1))).toEqual([
      'Plan.',
      'Applied.',
      'Applied again.',
    ]);
    await expect(
      postReport(github, { number, estate: '.', runId: '7.1', text: 'x'.repeat(65_536) }),
    ).rejects.toThrow('GitHub takes 65536');
    expect(await scene.plan(number, { digest: 'a'.repeat(32), text: 'Plan.' })).toBe('unchanged');
  });
});
