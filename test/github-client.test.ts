/** Connections to GitHub: who they are, what they wait for, and what they say when something is refused. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitHubError, toGitHubError } from '../src/github/api-error.ts';
import { connectGitHub } from '../src/github/client.ts';
import { parseRepository } from '../src/github/repository.ts';
import { readGitHubSettings } from '../src/github/settings.ts';
import { readSigningKey } from '../src/github/signing-key.ts';
import { createScene, type Scene } from './support/github-scene.ts';
import { WORKFLOW_PERMISSIONS } from './support/github-server.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});
afterAll(() => scene.close());

const warehouse = { owner: 'acme', repo: 'warehouse' };

async function failure(promise: Promise<unknown>): Promise<GitHubError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GitHubError)) throw new Error(`expected a GitHubError, got ${error}`);
  return error;
}

describe('settings', () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });

  it('read a token, and where the API is', () => {
    expect(
      readGitHubSettings({ GITHUB_TOKEN: 'ghs_x\n', GITHUB_API_URL: 'https://ghes.example/api/v3/' }),
    ).toEqual({
      apiUrl: 'https://ghes.example/api/v3',
      credentials: { kind: 'token', token: 'ghs_x' },
    });
    expect(readGitHubSettings({ GITHUB_TOKEN: 'ghs_x', PLUMBLINE_LOGIN: 'my-app[bot]' })).toMatchObject({
      apiUrl: 'https://api.github.com',
      login: 'my-app[bot]',
    });
  });

  it('prefer an App, whose key may be on one line', () => {
    const oneLine = String(key).replaceAll('\n', '\\n');
    const env = { GITHUB_TOKEN: 'ghs_x', PLUMBLINE_APP_ID: '7', PLUMBLINE_APP_PRIVATE_KEY: oneLine };
    expect(readGitHubSettings(env).credentials).toEqual({ kind: 'app', appId: '7', privateKey: String(key) });
  });

  it.each([
    [{}, 'There is no GitHub token; set GITHUB_TOKEN'],
    [{ GITHUB_TOKEN: 'two\nlines' }, 'GITHUB_TOKEN has characters'],
    [{ GITHUB_TOKEN: 'x', GITHUB_API_URL: 'file:///etc' }, 'GITHUB_API_URL is no address'],
    [{ PLUMBLINE_APP_ID: '7' }, 'set PLUMBLINE_APP_PRIVATE_KEY'],
    [{ PLUMBLINE_APP_PRIVATE_KEY: String(key) }, 'set PLUMBLINE_APP_ID'],
    [{ PLUMBLINE_APP_ID: '7', PLUMBLINE_APP_PRIVATE_KEY: 'nonsense' }, 'is no private key'],
    [
      { PLUMBLINE_APP_ID: '7', PLUMBLINE_APP_PRIVATE_KEY: String(key), PLUMBLINE_APP_INSTALLATION_ID: 'x' },
      'must be a number',
    ],
  ])('say what is missing: %#', (env, message) => {
    expect(() => readGitHubSettings(env)).toThrow(message);
  });

  it('refuse a signing key that can be guessed', () => {
    expect(readSigningKey({})).toBeUndefined();
    expect(readSigningKey({ PLUMBLINE_SIGNING_KEY: 'a'.repeat(32) })).toBe('a'.repeat(32));
    expect(() => readSigningKey({ PLUMBLINE_SIGNING_KEY: 'short' })).toThrow('shorter than 32');
  });

  it('refuse what is no repository', () => {
    expect(() => parseRepository('acme')).toThrow('owner/name');
  });
});

describe('who writes', () => {
  it("is the workflow's token, without asking", async () => {
    const github = await scene.connect();
    scene.countRequests();
    expect(await github.login()).toBe('github-actions[bot]');
    expect(scene.countRequests()).toBe(0);
  });

  it('is the user of a personal token, asked once', async () => {
    const github = await scene.connect(scene.token(WORKFLOW_PERMISSIONS, 'grace'));
    scene.countRequests();
    expect([await github.login(), await github.login()]).toEqual(['grace', 'grace']);
    expect(scene.countRequests()).toBe(1);
  });

  it('is an App, which finds its installation, on an Enterprise Server', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const app = { slug: 'plumb-app', publicKey, permissions: WORKFLOW_PERMISSIONS };
    const server = await createScene({ app, prefix: '/api/v3' });
    const number = server.state.openPull({ author: 'ada' });
    const settings = {
      apiUrl: server.url,
      credentials: { kind: 'app' as const, appId: '7', privateKey },
    };
    const github = await connectGitHub(settings, parseRepository('acme/warehouse'));
    expect(await github.login()).toBe('plumb-app[bot]');
    expect(await server.plan(number, { digest: 'a'.repeat(32), text: 'Plan.' }, { github })).toBe('created');
    expect(server.state.commentsOf(number).map(({ author }) => author)).toEqual(['plumb-app[bot]']);
    await server.close();
  });
});

describe('errors', () => {
  it('of 401 say that the token is not accepted', async () => {
    const token = scene.token(WORKFLOW_PERMISSIONS);
    scene.revoke(token);
    const github = await scene.connect(token);
    const error = await failure(github.rest.issues.listForRepo(warehouse));
    expect(error.message).toBe(
      'GitHub does not accept the token for GET /repos/acme/warehouse/issues (401): it is wrong, has expired, or is for another server.',
    );
    expect(error.exitCode).toBe(1);
  });

  it('of 403 name the permission that is missing, as a workflow writes it', async () => {
    const number = scene.state.openPull({ author: 'ada' });
    const github = await scene.connect(
      scene.token({ ...WORKFLOW_PERMISSIONS, issues: 'read', pull_requests: 'read' }),
    );
    const error = await failure(
      github.rest.issues.createComment({ ...warehouse, issue_number: number, body: 'Hello.' }),
    );
    expect(error.message).toBe(
      `GitHub forbids POST /repos/acme/warehouse/issues/${number}/comments (403): the token needs \`issues: write\` or ` +
        '`pull-requests: write`; grant it under `permissions:` of the workflow, or to the App.',
    );
  });

  it('of 404 and 422 say what is the matter', async () => {
    const github = await scene.connect();
    const missing = await failure(github.rest.pulls.get({ ...warehouse, pull_number: 999 }));
    expect(missing.message).toBe(
      'GitHub has nothing for GET /repos/acme/warehouse/pulls/999 (404), or does not let this token see it.',
    );
    const number = scene.state.openPull({ author: 'ada' });
    const long = await failure(
      github.rest.issues.createComment({ ...warehouse, issue_number: number, body: 'x'.repeat(65_537) }),
    );
    expect(long.status).toBe(422);
    expect(long.message).toContain('body is too long (maximum is 65536 characters)');
  });

  it('of the server pass when they are short, and end after three repetitions', async () => {
    const github = await scene.connect();
    scene.fail({ operation: 'issues/list-for-repo', status: 502 });
    scene.fail({ operation: 'issues/list-for-repo', status: 0 });
    expect((await github.rest.issues.listForRepo(warehouse)).status).toBe(200);
    scene.countRequests();
    scene.fail({ operation: 'issues/list-for-repo', status: 503, message: 'Unavailable', times: 4 });
    const error = await failure(github.rest.issues.listForRepo(warehouse));
    expect(error.message).toBe('GitHub failed at GET /repos/acme/warehouse/issues (503): Unavailable.');
    expect(scene.countRequests()).toBe(4);
  });

  it('of the line say that nobody answered', async () => {
    const settings = {
      apiUrl: 'http://127.0.0.1:9',
      credentials: { kind: 'token' as const, token: 'ghs_none' },
    };
    const github = await connectGitHub(settings, parseRepository('acme/warehouse'), { second: 1 });
    const error = await failure(github.rest.issues.listForRepo(warehouse));
    expect(error.status).toBe(0);
    expect(error.message).toContain('GitHub could not be reached for GET /repos/acme/warehouse/issues');
  });
});

describe('limits', () => {
  const secondary =
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

  it.each([403, 429])('that end soon are waited for (%i)', async (status) => {
    const github = await scene.connect();
    scene.fail({
      operation: 'issues/list-for-repo',
      status,
      message: secondary,
      headers: { 'retry-after': '2' },
      times: 2,
    });
    scene.countRequests();
    expect((await github.rest.issues.listForRepo(warehouse)).status).toBe(200);
    expect(scene.countRequests()).toBe(3);
  });

  it.each([403, 429])('that come again and again end the run with their reset (%i)', async (status) => {
    const github = await scene.connect();
    const headers = { 'retry-after': '3' };
    scene.fail({ operation: 'issues/list-for-repo', status, message: secondary, headers, times: 3 });
    scene.countRequests();
    const error = await failure(github.rest.issues.listForRepo(warehouse));
    expect(error.message).toMatch(
      /^GitHub's secondary rate limit holds back GET \/repos\/acme\/warehouse\/issues; run this again after \d{4}-.*Z\.$/,
    );
    expect(scene.countRequests()).toBe(3);
  });

  it('that last long are not waited for', async () => {
    const github = await scene.connect();
    const reset = Math.floor(Date.now() / 1000) + 1800;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    scene.fail({
      operation: 'issues/list-for-repo',
      status: 403,
      message: 'API rate limit exceeded',
      headers,
    });
    scene.countRequests();
    const error = await failure(github.rest.issues.listForRepo(warehouse));
    expect(error.message).toContain(`rate limit holds back`);
    expect(error.message).toContain(new Date(reset * 1000).toISOString());
    expect(scene.countRequests()).toBe(1);
  });

  it('tell whoever listens what is waited for', async () => {
    const notes: string[] = [];
    const settings = {
      apiUrl: scene.url,
      credentials: { kind: 'token' as const, token: scene.token(WORKFLOW_PERMISSIONS) },
    };
    const options = { second: 1, note: (text: string) => void notes.push(text) };
    const github = await connectGitHub(settings, parseRepository('acme/warehouse'), options);
    scene.fail({ status: 429, message: secondary, headers: { 'retry-after': '7' } });
    await github.rest.issues.listForRepo(warehouse);
    expect(notes).toEqual(["GitHub's secondary rate limit is reached; trying again in 7 s."]);
  });
});

describe('a token', () => {
  it('is in no error, whatever GitHub answers', async () => {
    for (const [status, make] of [
      [401, (token: string) => `Bad credentials: ${token}`],
      [403, (token: string) => `token ${token} may not`],
      [404, (token: string) => token],
      [422, (token: string) => `Authorization: Bearer ${token}`],
      [429, (token: string) => `secondary rate limit for ${token}`],
      [500, (token: string) => `oops ${encodeURIComponent(token)}`],
    ] as const) {
      const token = scene.token(WORKFLOW_PERMISSIONS);
      const github = await scene.connect(token);
      const headers = { 'retry-after': '999', 'x-accepted-github-permissions': '' };
      scene.fail({
        operation: 'pulls/get',
        status,
        message: make(token),
        headers,
        times: status === 500 ? 4 : 1,
      });
      const error = await failure(github.rest.pulls.get({ ...warehouse, pull_number: 1 }));
      const everything = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
      expect(everything).not.toContain(token);
    }
  });

  it('of any kind is cut out of messages, known or not', () => {
    const words = ['ghp_abcDEF123', 'github_pat_11AA_bb', 'eyJhbGci.eyJpc3Mi.c2ln', `v1.${'0a'.repeat(20)}`];
    const message = words.join(' ');
    const error = Object.assign(new Error(message), {
      status: 500,
      request: { method: 'GET', url: 'https://x/y' },
    });
    const told = toGitHubError(error) as GitHubError;
    for (const word of words) expect(told.message).not.toContain(word);
  });

  it('leaves errors that are not from a request alone', () => {
    const bug = new TypeError('a bug');
    expect(toGitHubError(bug)).toBe(bug);
  });
});
