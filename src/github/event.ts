/** A workflow run's environment variables and its event's payload go in; what happened, and where, comes out typed. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { PlumblineError } from '../model/errors.ts';
import schema from './payload.schema.json' with { type: 'json' };
import { type PullRequest, type RawPullRequest, toPullRequest } from './pull-request.ts';
import { parseRepository, type Repository } from './repository.ts';
import type { Environment } from './settings.ts';

export type GitHubEvent =
  | { readonly name: 'pull_request'; readonly action: string; readonly pull: PullRequest }
  | {
      readonly name: 'push';
      /** `refs/heads/main`. */
      readonly ref: string;
      /** The branch's commit before the push: it has nothing of what was pushed. Absent when the push made the branch. */
      readonly before?: string;
      readonly after: string;
    }
  | { readonly name: 'schedule' }
  | { readonly name: 'workflow_dispatch'; readonly inputs: Readonly<Record<string, string>> };

export interface WorkflowRun {
  readonly repository: Repository;
  /** `https://github.com`, or the address of a GitHub Enterprise Server. */
  readonly serverUrl: string;
  /** The page of this run. */
  readonly runUrl: string;
  /** Unique for each attempt of the run: `123.1`. */
  readonly runId: string;
  /** `GITHUB_SHA`; for a pull request a merge that GitHub made up, so look at `event.pull.headSha` instead. */
  readonly sha: string;
  readonly event: GitHubEvent;
}

const NAMES = ['pull_request', 'push', 'schedule', 'workflow_dispatch'] as const;
type Name = (typeof NAMES)[number];

const ajv = new Ajv2020({ strict: true }).addSchema(schema, 'payload');

interface Payloads {
  readonly pull_request: { readonly action: string; readonly pull_request: RawPullRequest };
  readonly push: { readonly ref: string; readonly before: string; readonly after: string };
  readonly schedule: object;
  readonly workflow_dispatch: { readonly inputs?: Readonly<Record<string, unknown>> | null };
}

function need(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new PlumblineError(`${name} is not set; GitHub sets it in every workflow, other CI systems must.`);
}

function readPayload(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as NodeJS.ErrnoException).code;
    throw new PlumblineError(`The event's payload (GITHUB_EVENT_PATH) can't be read: ${why}.`);
  }
}

function check<N extends Name>(name: N, payload: unknown): Payloads[N] {
  if (ajv.validate(`payload#/$defs/${name}`, payload)) return payload as Payloads[N];
  const [problem] = ajv.errors ?? [];
  const where = problem?.instancePath.slice(1).replaceAll('/', '.') || 'the payload';
  throw new PlumblineError(
    `The payload of ${name} is not as GitHub writes it: ${where} ${problem?.message}.`,
  );
}

function toEvent(name: Name, payload: unknown): GitHubEvent {
  if (name === 'pull_request') {
    const { action, pull_request } = check(name, payload);
    return { name, action, pull: toPullRequest(pull_request) };
  }
  if (name === 'push') {
    const { ref, before, after } = check(name, payload);
    return { name, ref, ...(/^0+$/.test(before) ? {} : { before }), after };
  }
  if (name === 'schedule') return { name };
  const entries = Object.entries(check(name, payload).inputs ?? {});
  return { name, inputs: Object.fromEntries(entries.map(([key, value]) => [key, String(value)])) };
}

/** Throws a PlumblineError that names the variable or the part of the payload that is missing. */
export function readWorkflowRun(env: Environment): WorkflowRun {
  const repository = parseRepository(need(env, 'GITHUB_REPOSITORY'));
  const name = need(env, 'GITHUB_EVENT_NAME');
  if (!(NAMES as readonly string[]).includes(name)) {
    // `pull_request_target` would give the pull request's declarations a job with the base branch's secrets.
    throw new PlumblineError(`The event ${name} is not supported; use ${NAMES.join(', ')}.`);
  }
  const serverUrl = (env.GITHUB_SERVER_URL || 'https://github.com').replace(/\/+$/, '');
  const run = need(env, 'GITHUB_RUN_ID');
  return {
    repository,
    serverUrl,
    runUrl: `${serverUrl}/${repository.fullName}/actions/runs/${run}`,
    runId: `${run}.${env.GITHUB_RUN_ATTEMPT || '1'}`,
    sha: need(env, 'GITHUB_SHA'),
    event: toEvent(name as Name, readPayload(need(env, 'GITHUB_EVENT_PATH'))),
  };
}
