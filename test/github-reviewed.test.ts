/** From a merge back to the plan that was reviewed: found when it is the one, refused with the reason when it is not. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Marker, sealBody } from '../src/github/marker.ts';
import { departureFrom, findReview, type Review } from '../src/github/reviewed.ts';
import { createScene, digestOf, KEY, type Scene } from './support/github-scene.ts';
import { shaOf } from './support/github-state.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
  scene.state.addUser('other[bot]', 'none', 'Bot');
});
afterAll(() => scene.close());

const PLAN = digestOf('plan');

async function review(
  sha: string,
  over: { estate?: string; key?: string | undefined; branch?: string } = {},
) {
  return await findReview(await scene.connect(), { sha, branch: 'main', estate: '.', key: KEY, ...over });
}

/** What apply does with an answer: the reason for refusing, or nothing. */
function verdict(found: Review, digest: string): string | undefined {
  return found.status === 'reviewed'
    ? departureFrom(found.comment, digest)
    : `${found.status}: ${found.reason}`;
}

describe('a merge', () => {
  it('leads to the plan that was reviewed, in two requests', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'merged' });
    await scene.plan(number, { digest: PLAN, text: 'Drop `shop.orders`.' });
    const sha = scene.state.merge(number);
    scene.countRequests();
    const found = await review(sha);
    expect(scene.countRequests()).toBe(2);
    if (found.status !== 'reviewed') throw new Error(found.reason);
    expect(found.pull).toMatchObject({ number, merged: true, mergeCommit: sha, baseRef: 'main' });
    expect(found.comment.parts.text).toBe('Drop `shop.orders`.');
    expect(found.comment.since).toBe(scene.state.commentsOf(number)[0]?.updatedAt);
    expect(departureFrom(found.comment, PLAN)).toBeUndefined();
    expect(departureFrom(found.comment, digestOf('moved'))).toMatch(
      /^The reviewed plan .* is not what the servers need now/,
    );
  });

  it('that nobody made is a push without a plan', async () => {
    expect(await review(shaOf('pushed'))).toEqual({
      status: 'no pull request',
      reason: `No pull request was merged into main as ${shaOf('pushed')}: somebody pushed it directly.`,
    });
    const number = scene.state.openPull({ author: 'ada', title: 'only contains it' });
    await scene.plan(number, { digest: PLAN, text: 'Plan.' });
    const { headSha } = scene.state.pull(number);
    expect((await review(headSha)).status).toBe('no pull request');
    scene.state.close(number);
    expect((await review(headSha)).status).toBe('no pull request');
    const sha = scene.state.merge(number);
    expect((await review(sha, { branch: 'release' })).status).toBe('no pull request');
    expect((await review(sha)).status).toBe('reviewed');
  });

  it('of two pull requests at once is not guessed at', async () => {
    const sha = shaOf('both');
    for (const title of ['one', 'two'])
      scene.state.merge(scene.state.openPull({ author: 'ada', title }), sha);
    expect((await review(sha)).status).toBe('no pull request');
  });

  it('without a plan, with one of another estate only, or with one of an older commit applies nothing', async () => {
    const bare = scene.state.openPull({ author: 'ada', title: 'bare' });
    expect(await review(scene.state.merge(bare))).toMatchObject({
      status: 'no plan',
      reason: `#${bare} has no plan of the estate \`.\`.`,
    });
    const other = scene.state.openPull({ author: 'ada', title: 'other' });
    await scene.plan(other, { digest: PLAN, text: 'Plan.' }, { estate: 'eu' });
    expect(await review(scene.state.merge(other))).toMatchObject({
      status: 'other estate',
      reason: expect.stringContaining('it is about the estate `eu`, not `.`'),
    });
    const stale = scene.state.openPull({ author: 'ada', title: 'stale' });
    const old = scene.state.pull(stale).headSha;
    await scene.plan(stale, { digest: PLAN, text: 'Plan.' });
    scene.state.push(stale, shaOf('after the plan'));
    expect(await review(scene.state.merge(stale))).toMatchObject({
      status: 'stale',
      reason: `The plan on #${stale} is of ${old}, but ${shaOf('after the plan')} was merged.`,
    });
  });

  it('applies nothing when GitHub fails', async () => {
    for (const [operation, status] of [
      ['repos/list-pull-requests-associated-with-commit', 500],
      ['repos/list-pull-requests-associated-with-commit', 404],
      ['issues/list-comments', 500],
      ['issues/list-comments', 401],
    ] as const) {
      const number = scene.state.openPull({ author: 'ada', title: `failing ${operation} ${status}` });
      await scene.plan(number, { digest: PLAN, text: 'Plan.' });
      const sha = scene.state.merge(number);
      scene.fail({ operation, status, times: status >= 500 ? 4 : 1 });
      await expect(review(sha)).rejects.toThrow(String(status));
      expect((await review(sha)).status).toBe('reviewed');
    }
  });
});

/** Numbers that depend on a seed alone. */
function numbers(seed: number): (below: number) => number {
  let count = 0;
  return (below) => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE() % below;
}

interface Attack {
  readonly name: string;
  readonly key: string | undefined;
  /** By whom. */
  readonly author: string;
  readonly body: string;
  readonly expected: RegExp;
}

interface Target {
  readonly number: number;
  readonly commit: string;
  readonly next: (below: number) => number;
}

const hex = (length: number, next: (below: number) => number): string =>
  Array.from({ length }, () => next(16).toString(16)).join('');

const OWN = 'github-actions[bot]';

function attack({ number, commit, next }: Target): Attack {
  const key = next(4) === 0 ? undefined : KEY;
  const place = { repository: 'acme/warehouse', number, key };
  const marker: Marker = { estate: '.', commit, digest: PLAN, boundary: hex(12, next) };
  const text = `Drop \`shop.t${next(1e6)}\`.`;
  const good = sealBody(marker, text, place);
  const pick = <T>(...values: T[]): T => values[next(values.length)] as T;
  const at = next(text.length);
  const spoilt = `${text.slice(0, at)}${pick('x', '\u202e', '1', '-->')}${text.slice(at + 1)}`;
  const edited = { author: OWN, expected: /^tampered: .* its text was edited after it was written/ };
  const unsealed = { author: OWN, expected: /^tampered: .*(signature|not signed)/ };
  const attacks: readonly (() => Omit<Attack, 'key' | 'name'> & {
    name: string;
    key?: string | undefined;
  })[] = [
    () => ({ name: 'edited text', body: good.replace(text, spoilt), ...edited }),
    () => ({ name: 'added text', body: `${good}\n\n${text}`, ...edited }),
    () => ({ name: 'cut text', body: good.slice(0, -1 - next(text.length - 1)), ...edited }),
    () => ({
      ...{ name: 'changed digest', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: KEY }).replace(PLAN, hex(32, next)),
    }),
    () => ({
      ...{ name: 'changed time', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: KEY }).replace('since=-', 'since=2020-01-01T00:00:00Z'),
    }),
    () => ({
      ...{ name: 'changed signature', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: KEY }).replace(
        /signature=\w+/,
        `signature=${hex(64, next)}`,
      ),
    }),
    () => ({
      ...{ name: 'no signature', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: undefined }),
    }),
    () => ({
      ...{ name: 'another key', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: hex(32, next) }),
    }),
    () => ({
      ...{ name: 'of another pull request', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: KEY, number: number + 1 + next(9) }),
    }),
    () => ({
      ...{ name: 'of another repository', key: KEY, ...unsealed },
      body: sealBody(marker, text, { ...place, key: KEY, repository: `acme/${hex(4, next)}` }),
    }),
    () => ({
      ...{
        name: 'a marker that is not ours',
        author: OWN,
        expected: /^tampered: .* it is not as Plumbline writes it/,
      },
      body: good.replace(pick(/commit=\w+/, /text=\w+ /, / -->/, /digest=\w/), pick('', 'commit=HEAD', ' ')),
    }),
    () => ({
      ...{ name: 'another format', author: OWN, expected: /^tampered: .* this version reads format 1/ },
      body: good.replace('plan:1', `plan:${2 + next(99)}`),
    }),
    () => ({
      ...{
        name: 'stale',
        author: OWN,
        expected: /^stale: The plan on #\d+ is of [0-9a-f]{40}, but [0-9a-f]{40} was merged/,
      },
      body: sealBody({ ...marker, commit: hex(40, next) }, text, place),
    }),
    () => ({
      ...{ name: 'another estate', author: OWN, expected: /^other estate: .* it is about the estate/ },
      body: sealBody({ ...marker, estate: pick('eu', './', 'a/b', '..', ' ') }, text, place),
    }),
    () => ({
      ...{
        name: 'by a person',
        body: good,
        expected: /^foreign: .* it is by @\S+, not by @github-actions\[bot\]/,
      },
      author: pick('ada', 'grace', 'admin', 'reader', 'stranger'),
    }),
    () => ({
      ...{ name: 'by another App, not signed', key: undefined, author: 'other[bot]' },
      ...{
        body: sealBody(marker, text, { ...place, key: undefined }),
        expected: /^foreign: .* it is by @other\[bot\]/,
      },
    }),
    () => ({
      ...{ name: 'quoted', author: pick(OWN, 'ada'), expected: /^no plan: #\d+ has no plan of the estate/ },
      body: pick(
        `> ${good}`,
        `\n${good}`,
        `Somebody wrote:\n\n${good}`,
        `\`\`\`\n${good}\n\`\`\``,
        `\ufeff${good}`,
      ),
    }),
    () => ({
      ...{
        name: 'another plan',
        author: OWN,
        expected: /^The reviewed plan \(\w+\) is not what the servers need now/,
      },
      body: sealBody({ ...marker, digest: hex(32, next) }, text, place),
    }),
  ];
  const chosen = pick(...attacks)();
  return { key, ...chosen };
}

describe('a thousand stale, tampered and foreign plans', () => {
  it('are all refused, each naming why', async () => {
    const github = await Promise.all(Array.from({ length: 20 }, () => scene.connect()));
    const told = new Map<string, number>();
    async function one(seed: number): Promise<void> {
      const number = scene.state.openPull({ author: 'ada', title: `attack ${seed}` });
      const commit = scene.state.pull(number).headSha;
      const { name, key, author, body, expected } = attack({ number, commit, next: numbers(seed) });
      scene.state.comment(number, author, body);
      const sha = scene.state.merge(number);
      const connection = github[seed % github.length] ?? (await scene.connect());
      const found = await findReview(connection, { sha, branch: 'main', estate: '.', key });
      expect(verdict(found, PLAN), `${name} (seed ${seed})\n${body}`).toMatch(expected);
      told.set(name, (told.get(name) ?? 0) + 1);
    }
    for (let seed = 0; seed < 1000; seed += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => one(seed + n)));
    }
    expect([...told.values()].reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(Math.min(...told.values())).toBeGreaterThan(20);
    expect(told.size).toBe(18);
  });

  it('do not keep the true one from being found beside them', async () => {
    for (const [seed, key] of [
      [1, KEY],
      [2, undefined],
    ] as const) {
      const number = scene.state.openPull({ author: 'ada', title: `beside ${seed}` });
      const commit = scene.state.pull(number).headSha;
      const foreign = Array.from({ length: 40 }, (_, n) => attack({ number, commit, next: numbers(n) }));
      for (const { body } of foreign.slice(0, 20)) scene.state.comment(number, 'grace', body);
      await scene.plan(number, { digest: PLAN, text: 'The plan.' }, { key });
      for (const { body } of foreign.slice(20)) scene.state.comment(number, 'grace', body);
      const found = await review(scene.state.merge(number), { key });
      expect(found.status).toBe('reviewed');
    }
  });
});
