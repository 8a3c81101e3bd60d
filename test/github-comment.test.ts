/** The plan comment: its whole life on a pull request, its marker, and the older plans folded below it. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shownSince, writePlanComment } from '../src/github/comment.ts';
import { findPlanComment } from '../src/github/find-comment.ts';
import { type Marker, readMarker, type SealPlace, sealBody } from '../src/github/marker.ts';
import { joinParts, type OlderPlan, splitParts } from '../src/github/older-plans.ts';
import { createScene, digestOf, KEY, type Scene } from './support/github-scene.ts';
import { WORKFLOW_PERMISSIONS } from './support/github-server.ts';
import { shaOf } from './support/github-state.ts';

const place: SealPlace = { repository: 'acme/warehouse', number: 7, key: KEY };
const marker: Marker = {
  ...{ estate: '.', commit: shaOf('head'), digest: digestOf('plan'), boundary: '0123456789ab' },
};

describe('a marker', () => {
  it('comes back as it was written, whatever the estate is called and the text says', () => {
    const estates = fc.oneof(
      fc.constantFrom('.', 'a b', '--> x', 'ü/ß', 'a%20b'),
      fc.string({ minLength: 1 }),
    );
    fc.assert(
      fc.property(estates, fc.string({ unit: 'grapheme' }), fc.boolean(), (estate, text, signed) => {
        const where = { ...place, key: signed ? KEY : undefined };
        const written: Marker = { ...marker, estate, since: '2026-01-31T12:00:00Z' };
        const body = sealBody(written, text, where);
        expect(body.split('\n')[0]).toMatch(/^<!-- [^<>]* -->$/);
        expect(readMarker(body, where)).toEqual({ status: 'intact', marker: written });
      }),
    );
  });

  it('survives a web form, which changes line ends and space at the end', () => {
    const body = sealBody(marker, 'one\n\n  two\n', place);
    expect(readMarker(`${body.replaceAll('\n', '\r\n')}  \r\n`, place).status).toBe('intact');
  });

  it('is refused after any change of a single character', () => {
    const body = sealBody({ ...marker, since: '2026-01-31T12:00:00Z' }, 'Drop table shop.orders.', place);
    for (let at = 0; at < body.length; at++) {
      const other = body[at] === '0' ? '1' : '0';
      const changed = body.slice(0, at) + other + body.slice(at + 1);
      const status = readMarker(changed, place).status;
      expect(status, `character ${at} of ${changed}`).not.toBe('intact');
    }
  });

  it('is worth nothing in another repository, on another pull request, or under another key', () => {
    const body = sealBody(marker, 'Plan.', place);
    for (const other of [
      { ...place, repository: 'acme/other' },
      { ...place, number: 8 },
      { ...place, key: 'x'.repeat(40) },
    ]) {
      expect(readMarker(body, other)).toMatchObject({ status: 'refused', reason: /signature/ });
    }
  });

  it('must be signed where there is a key', () => {
    const body = sealBody(marker, 'Plan.', { ...place, key: undefined });
    expect(readMarker(body, { ...place, key: undefined }).status).toBe('intact');
    expect(readMarker(body, place)).toMatchObject({ status: 'refused', reason: 'its marker is not signed' });
  });

  it('counts only as the very first characters of a body', () => {
    const body = sealBody(marker, 'Plan.', place);
    for (const forged of [
      `\n${body}`,
      ` ${body}`,
      `> ${body}`,
      `Look:\n\n${body}`,
      `\u200b${body}`,
      `<!-- x -->\n${body}`,
    ]) {
      expect(readMarker(forged, place)).toEqual({ status: 'none' });
    }
  });

  it('of another format is not guessed at', () => {
    const body = sealBody(marker, 'Plan.', place).replace('plumbline:plan:1', 'plumbline:plan:2');
    expect(readMarker(body, place)).toMatchObject({
      reason: 'its marker has format 2; this version reads format 1',
    });
  });
});

describe('older plans', () => {
  const words = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '</details>',
      '\n\n</details>',
      '<!-- plumbline:older:0123456789ab commit=0 digest=0 -->',
      '```',
      '\n\n',
    ),
  );
  const texts = fc.array(words, { maxLength: 6 }).map((parts) => parts.join('').replaceAll('\r', '').trim());

  it('come back as they were, whatever they say', () => {
    const olds = fc.array(
      texts.map((text): OlderPlan => ({ commit: shaOf(text), digest: digestOf(text), text })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(texts, olds, fc.nat(5), (text, older, left) => {
        const joined = joinParts({ text, older, left }, 1e6);
        expect(splitParts(joined.text, joined.boundary)).toEqual({ text, older, left });
      }),
    );
  });

  it('give way, oldest first, where there is no room; how many is said and not forgotten', () => {
    const older = [1, 2, 3, 4].map(
      (n): OlderPlan => ({ commit: shaOf(`${n}`), digest: digestOf(`${n}`), text: 'x'.repeat(300) }),
    );
    const joined = joinParts({ text: 'Now.', older, left: 2 }, 1200);
    expect(joined.text.length).toBeLessThanOrEqual(1200);
    expect(joined.text).toContain('4 older plans are left out.');
    const parts = splitParts(joined.text, joined.boundary);
    expect(parts).toEqual({ text: 'Now.', older: older.slice(0, 2), left: 4 });
    expect(joinParts(parts, 1200)).toEqual(joined);
  });
});

describe('the comment', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
  });
  afterAll(() => scene.close());
  const bodyOf = (number: number): string => scene.state.commentsOf(number)[0]?.body ?? '';

  it('lives as one comment from the first plan to the last', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'life' });
    scene.state.comment(number, 'grace', 'Looks good!');
    scene.countRequests();
    const first = { digest: digestOf('first'), text: '## Plan\n\nDrop `shop.orders`.' };
    expect(await scene.plan(number, first)).toBe('created');
    expect(scene.countRequests()).toBe(3);

    expect(await scene.plan(number, first)).toBe('unchanged');
    expect(scene.countRequests()).toBe(1);

    const [old] = [scene.state.pull(number).headSha];
    scene.state.push(number, shaOf('second commit'));
    expect(await scene.plan(number, { digest: digestOf('second'), text: '## Plan\n\nAlter.' })).toBe(
      'updated',
    );
    expect(scene.countRequests()).toBe(3);
    expect(scene.state.commentsOf(number)).toHaveLength(2);
    const plan = scene.state.commentsOf(number)[1]?.body ?? '';
    expect(plan.startsWith('<!-- plumbline:plan:1 estate=.')).toBe(true);
    expect(plan.indexOf('Alter.')).toBeLessThan(plan.indexOf('Older plan'));
    expect(plan).toContain(`<summary>Older plan, of <code>${old?.slice(0, 7)}</code></summary>`);
    expect(plan).toContain('Drop `shop.orders`.');

    scene.state.push(number, shaOf('third commit'));
    expect(await scene.plan(number, { digest: digestOf('none'), text: 'No changes.' })).toBe('updated');
    expect(await scene.plan(number, { digest: digestOf('none'), text: 'No changes.' })).toBe('unchanged');
    const last = scene.state.commentsOf(number)[1]?.body ?? '';
    expect(last.match(/Older plan, of/g)).toHaveLength(2);
    expect(last.indexOf('Alter.')).toBeLessThan(last.indexOf('Drop `shop.orders`.'));
  });

  it('is one for each estate', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'estates' });
    for (const estate of ['eu', 'us', 'eu', 'a b/c']) {
      await scene.plan(number, { digest: digestOf(estate), text: `Plan of ${estate}.` }, { estate });
    }
    expect(scene.state.commentsOf(number)).toHaveLength(3);
    expect(await scene.plan(number, { digest: digestOf('us'), text: 'Changed.' }, { estate: 'us' })).toBe(
      'updated',
    );
    expect(scene.state.commentsOf(number).map(({ body }) => body.split('\n').slice(2).join('\n'))).toEqual([
      'Plan of eu.',
      'Changed.',
      'Plan of a b/c.',
    ]);
  });

  it('keeps the time at which its digest was first shown, by the clock of GitHub', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'times' });
    const query = { number, estate: '.', key: KEY };
    const github = await scene.connect();
    const since = async (digest: string) => shownSince(await findPlanComment(github, query), digest);
    const a = digestOf('a');
    expect(await since(a)).toBeUndefined();
    await scene.plan(number, { digest: a, text: 'A.' });
    const shown = scene.state.commentsOf(number)[0]?.updatedAt;
    expect(await since(a)).toBe(shown);
    scene.state.push(number, shaOf('times 2'));
    await scene.plan(number, { digest: a, text: 'A, and somebody allowed it.' });
    expect(scene.state.commentsOf(number)[0]?.updatedAt).not.toBe(shown);
    expect(await since(a)).toBe(shown);
    await scene.plan(number, { digest: digestOf('b'), text: 'B.' });
    expect(await since(a)).toBeUndefined();
    await scene.plan(number, { digest: a, text: 'A.' });
    expect(Date.parse((await since(a)) ?? '')).toBeGreaterThan(Date.parse(shown ?? ''));
  });

  it('is found behind hundreds of others, and posted after as many', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'many' });
    for (let n = 0; n < 230; n++) scene.state.comment(number, 'grace', `Comment ${n}.`);
    scene.countRequests();
    expect(await scene.plan(number, { digest: digestOf('a'), text: 'A.' })).toBe('created');
    expect(scene.countRequests()).toBe(3 + 2);
    expect(await scene.plan(number, { digest: digestOf('b'), text: 'B.' })).toBe('updated');
    expect(scene.countRequests()).toBe(3 + 2);
    const early = scene.state.openPull({ author: 'ada', title: 'early' });
    await scene.plan(early, { digest: digestOf('a'), text: 'A.' });
    for (let n = 0; n < 230; n++) scene.state.comment(early, 'grace', `Comment ${n}.`);
    scene.countRequests();
    await scene.plan(early, { digest: digestOf('b'), text: 'B.' });
    expect(scene.countRequests()).toBe(3);
  });

  it('is never one that somebody else wrote, however it looks', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'forged' });
    scene.state.addUser('other[bot]', 'none', 'Bot');
    const own = { repository: 'acme/warehouse', number, key: KEY };
    const commit = scene.state.pull(number).headSha;
    const forged = sealBody({ ...marker, commit, estate: '.' }, 'Nothing to see.', {
      ...own,
      key: undefined,
    });
    for (const by of ['ada', 'grace', 'admin', 'other[bot]']) scene.state.comment(number, by, forged);
    scene.state.comment(number, 'github-actions[bot]', `Somebody says:\n\n${forged}`);
    for (const key of [KEY, undefined]) {
      const github = await scene.connect();
      const search = await findPlanComment(github, { number, estate: '.', key });
      expect(search.plan).toBeUndefined();
      expect(search.own).toBeUndefined();
      expect(search.refused.length).toBe(4);
      expect(search.refused[0]?.reason).toBe('it is by @ada, not by @github-actions[bot]');
    }
    const before = scene.state.commentsOf(number).map(({ body }) => body);
    expect(await scene.plan(number, { digest: digestOf('a'), text: 'The plan.' })).toBe('created');
    const after = scene.state.commentsOf(number);
    expect(after.slice(0, 5).map(({ body }) => body)).toEqual(before);
    // A true copy in somebody's name is no plan either.
    const plan = after[5]?.body ?? '';
    const copy = scene.state.comment(number, 'ada', plan);
    expect(await scene.plan(number, { digest: digestOf('b'), text: 'Another plan.' })).toBe('updated');
    expect(copy.body).toBe(plan);
    expect(after[5]?.body).toContain('Another plan.');
  });

  it('may be read by another App, where it is signed', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'two Apps' });
    await scene.plan(number, { digest: digestOf('a'), text: 'A.' });
    scene.state.addUser('deploy[bot]', 'none', 'Bot');
    const github = await scene.connect(scene.token(WORKFLOW_PERMISSIONS, 'deploy[bot]'));
    const asDeploy = { ...github, login: async () => 'deploy[bot]' };
    const signed = await findPlanComment(asDeploy, { number, estate: '.', key: KEY });
    expect(signed.plan?.marker.digest).toBe(digestOf('a'));
    expect(signed.own).toBeUndefined();
    expect((await findPlanComment(asDeploy, { number, estate: '.', key: undefined })).plan).toBeUndefined();
  });

  it('that somebody edited is written anew, and nothing in it is believed', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'edited' });
    await scene.plan(number, { digest: digestOf('a'), text: 'Drop `shop.orders`.' });
    const comment = scene.state.commentsOf(number)[0];
    scene.state.editComment(comment?.id ?? 0, bodyOf(number).replace('Drop', 'Keep'));
    const github = await scene.connect();
    const search = await findPlanComment(github, { number, estate: '.', key: KEY });
    expect(search.refused).toMatchObject([
      { kind: 'tampered', reason: 'its text was edited after it was written' },
    ]);
    expect(await scene.plan(number, { digest: digestOf('b'), text: 'Drop it.' })).toBe('updated');
    expect(scene.state.commentsOf(number)).toHaveLength(1);
    expect(bodyOf(number)).not.toContain('Keep');
  });

  it('of an older run does not replace the plan of a newer commit', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'overtaken' });
    const old = scene.state.pull(number).headSha;
    scene.state.push(number, shaOf('newer'));
    await scene.plan(number, { digest: digestOf('new'), text: 'New.' });
    const body = bodyOf(number);
    expect(await scene.plan(number, { digest: digestOf('old'), text: 'Old.', commit: old })).toBe('outdated');
    expect(bodyOf(number)).toBe(body);
  });

  it('is posted once although the answer is lost, and again when the request was', async () => {
    for (const [title, afterwards] of [
      ['lost answer', true],
      ['lost request', false],
    ] as const) {
      const number = scene.state.openPull({ author: 'ada', title });
      scene.fail({ operation: 'issues/create-comment', status: 502, afterwards });
      expect(await scene.plan(number, { digest: digestOf('a'), text: 'A.' })).toBe('created');
      expect(scene.state.commentsOf(number)).toHaveLength(1);
    }
  });

  it('is taken back when the token turns out to write under another name', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'misnamed' });
    scene.state.addUser('robot[bot]', 'none', 'Bot');
    const github = await scene.connect(scene.token(WORKFLOW_PERMISSIONS, 'robot[bot]'));
    const written = scene.plan(number, { digest: digestOf('a'), text: 'A.' }, { github });
    await expect(written).rejects.toThrow('The token writes as robot[bot], not as github-actions[bot]');
    expect(scene.state.commentsOf(number)).toEqual([]);
  });

  it('stays within its limits: older plans give way, and a text that is too long is refused', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'long' });
    for (let n = 0; n < 8; n++) {
      await scene.plan(number, { digest: digestOf(`${n}`), text: `${n}`.repeat(12_000) });
    }
    expect(bodyOf(number).length).toBeLessThan(60_000);
    expect(bodyOf(number)).toContain('4 older plans are left out.');
    expect(bodyOf(number)).toContain('7'.repeat(12_000));
    const huge = scene.plan(number, { digest: digestOf('huge'), text: 'x'.repeat(65_500) });
    await expect(huge).rejects.toThrow('GitHub takes 65536 in a comment');
  });

  it('leaves out plans beyond the tenth', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'eleven' });
    for (let n = 0; n < 13; n++) await scene.plan(number, { digest: digestOf(`${n}`), text: `Plan ${n}.` });
    expect(bodyOf(number).match(/Older plan, of/g)).toHaveLength(10);
    expect(bodyOf(number)).toContain('2 older plans are left out.');
  });

  it('writes only what was found', async () => {
    const number = scene.state.openPull({ author: 'ada', title: 'deleted meanwhile' });
    await scene.plan(number, { digest: digestOf('a'), text: 'A.' });
    const github = await scene.connect();
    const query = { number, estate: '.', key: KEY };
    const search = await findPlanComment(github, query);
    scene.state.comments.clear();
    const draft = { commit: scene.state.pull(number).headSha, digest: digestOf('b'), text: 'B.' };
    await expect(writePlanComment(github, query, search, draft)).rejects.toThrow('(404)');
  });
});
