/** What a workflow run is told by GitHub: read, or refused with the name of what is missing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWorkflowRun } from '../src/github/event.ts';
import { shaOf } from './support/github-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-event-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base = {
  GITHUB_REPOSITORY: 'acme/warehouse',
  GITHUB_SHA: shaOf('merge'),
  GITHUB_RUN_ID: '123',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_SERVER_URL: 'https://ghes.example/',
};

function read(name: string, payload: unknown, env: Record<string, string> = {}) {
  const file = join(folder, 'event.json');
  writeFileSync(file, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return readWorkflowRun({ ...base, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file, ...env });
}

const side = (ref: string, id: number | undefined) => ({
  ...{ ref, sha: shaOf(ref), repo: id === undefined ? null : { id, full_name: 'x/y' } },
});
const pullRequest = {
  ...{ number: 7, state: 'open', merged_at: null, merge_commit_sha: shaOf('try'), labels: [{ name: 'bug' }] },
  ...{ user: { login: 'ada', id: 5, type: 'User' }, head: side('change', 1), base: side('main', 1) },
};

describe('an event', () => {
  it('is a pull request', () => {
    expect(read('pull_request', { action: 'opened', pull_request: pullRequest })).toEqual({
      repository: { owner: 'acme', name: 'warehouse', fullName: 'acme/warehouse' },
      serverUrl: 'https://ghes.example',
      runUrl: 'https://ghes.example/acme/warehouse/actions/runs/123',
      runId: '123.2',
      sha: shaOf('merge'),
      event: {
        name: 'pull_request',
        action: 'opened',
        pull: {
          number: 7,
          author: { login: 'ada', id: 5, type: 'User' },
          headSha: shaOf('change'),
          headRef: 'change',
          fork: false,
          baseRef: 'main',
          baseSha: shaOf('main'),
          labels: ['bug'],
          open: true,
          merged: false,
        },
      },
    });
  });

  it('knows forks, also those that are gone', () => {
    for (const id of [2, undefined]) {
      const { event } = read('pull_request', {
        action: 'opened',
        pull_request: { ...pullRequest, head: side('change', id), user: null },
      });
      expect(event).toMatchObject({ pull: { fork: true } });
      expect(event).not.toHaveProperty('pull.author');
    }
  });

  it('is a push, which may have made the branch', () => {
    const [before, after] = [shaOf('before'), shaOf('after')];
    const push = { ref: 'refs/heads/main', before, after };
    expect(read('push', push).event).toEqual({ name: 'push', ...push });
    const first = read('push', { ...push, before: '0'.repeat(40) }).event;
    expect(first).toEqual({ name: 'push', ref: push.ref, after });
  });

  it('is a schedule, or somebody who starts it', () => {
    expect(read('schedule', { schedule: '0 * * * *' }).event).toEqual({ name: 'schedule' });
    expect(read('workflow_dispatch', { inputs: null }).event).toEqual({
      name: 'workflow_dispatch',
      inputs: {},
    });
    expect(read('workflow_dispatch', { inputs: { estate: 'eu', dry: true } }).event).toEqual({
      name: 'workflow_dispatch',
      inputs: { estate: 'eu', dry: 'true' },
    });
  });

  it('says what is missing', () => {
    const event = { action: 'opened', pull_request: pullRequest };
    for (const name of ['GITHUB_REPOSITORY', 'GITHUB_SHA', 'GITHUB_RUN_ID', 'GITHUB_EVENT_PATH']) {
      expect(() => read('pull_request', event, { [name]: '' })).toThrow(`${name} is not set`);
    }
    expect(() => read('', event)).toThrow('GITHUB_EVENT_NAME is not set');
    expect(() => read('pull_request_target', event)).toThrow(
      'The event pull_request_target is not supported',
    );
    expect(() => read('pull_request', event, { GITHUB_REPOSITORY: 'warehouse' })).toThrow('is no repository');
    expect(() => read('pull_request', '{')).toThrow("can't be read: it is not JSON");
    expect(() => read('push', {}, { GITHUB_EVENT_PATH: join(folder, 'none') })).toThrow(
      "can't be read: ENOENT",
    );
    expect(() => read('push', { ref: 'refs/heads/main', before: 'x', after: 'y' })).toThrow(
      'before must match',
    );
    expect(() => read('pull_request', { action: 'opened' })).toThrow(
      "must have required property 'pull_request'",
    );
    const odd = { ...pullRequest, head: { ...pullRequest.head, sha: '$(id)' } };
    expect(() => read('pull_request', { action: 'opened', pull_request: odd })).toThrow(
      'pull_request.head.sha',
    );
  });
});
