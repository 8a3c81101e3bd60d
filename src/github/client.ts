/** Settings and a repository go in; a connection to GitHub's REST API comes out that waits, retries and explains itself. */
import { randomUUID } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import { PlumblineError } from '../model/errors.ts';
import { GitHubError, toGitHubError } from './api-error.ts';
import type { Repository } from './repository.ts';
import type { Credentials, GitHubSettings } from './settings.ts';

export interface GitHub {
  readonly repository: Repository;
  /** Throws a GitHubError for every answer that is not a success. */
  readonly rest: Octokit['rest'];
  readonly paginate: Octokit['paginate'];
  /** The login under which this connection writes; asked for once. */
  login(): Promise<string>;
}

export interface ConnectOptions {
  /** Told what is waited for. */
  readonly note?: (text: string) => void;
  /** Milliseconds that a second of waiting takes; tests shorten it. */
  readonly second?: number;
}

const RESILIENT = Octokit.plugin(retry, throttling);

/** Milliseconds after which a request without an answer is given up. */
const TIMEOUT = 30_000;
/** How often a request is repeated after a fault of the server, and after a rate limit. */
const RETRIES = 3;
const LIMIT_RETRIES = 2;
/** Seconds: a limit that lasts longer is an error, since a job that only waits costs money. */
const LONGEST_WAIT = 90;

/** The login of workflows' own `GITHUB_TOKEN`, on github.com and on Enterprise Server. */
const ACTIONS_LOGIN = 'github-actions[bot]';

function open({ apiUrl, credentials }: GitHubSettings, auth: object, options: ConnectOptions): Octokit {
  const { note, second = 1000 } = options;
  const secret = credentials.kind === 'token' ? credentials.token : undefined;
  const wait = (kind: string) => (seconds: number, _options: object, _octokit: object, retries: number) => {
    if (retries >= LIMIT_RETRIES || seconds > LONGEST_WAIT) return false;
    note?.(`GitHub's ${kind} is reached; trying again in ${seconds} s.`);
    return true;
  };
  const silent = () => {};
  const octokit = new RESILIENT({
    ...auth,
    baseUrl: apiUrl,
    userAgent: 'plumbline',
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT) }),
    },
    retry: {
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
      retries: RETRIES,
      retryAfterBaseValue: second,
    },
    throttle: {
      // The plug-in keeps its queues in the module; each connection gets its own.
      id: randomUUID(),
      retryAfterBaseValue: second,
      onRateLimit: wait('rate limit'),
      onSecondaryRateLimit: wait('secondary rate limit'),
    },
  });
  octokit.hook.error('request', (error) => {
    throw toGitHubError(error, secret);
  });
  return octokit;
}

async function openApp(
  settings: GitHubSettings,
  { appId, privateKey, installationId }: Extract<Credentials, { kind: 'app' }>,
  { owner, name }: Repository,
  options: ConnectOptions,
): Promise<Octokit> {
  const as = (auth: object) => open(settings, { authStrategy: createAppAuth, auth }, options);
  if (installationId !== undefined) return as({ appId, privateKey, installationId });
  const app = as({ appId, privateKey });
  const { data } = await app.rest.apps.getRepoInstallation({ owner, repo: name });
  return as({ appId, privateKey, installationId: data.id });
}

/** What a token's comments are written as; GitHub tells users and Apps, but not installation tokens, who they are. */
async function findLogin(octokit: Octokit, credentials: Credentials): Promise<string> {
  if (credentials.kind === 'app') {
    const { data } = await octokit.rest.apps.getAuthenticated();
    if (!data?.slug) throw new PlumblineError('GitHub does not say what the App is called.');
    return `${data.slug}[bot]`;
  }
  if (credentials.token.startsWith('ghs_')) return ACTIONS_LOGIN;
  try {
    return (await octokit.rest.users.getAuthenticated()).data.login;
  } catch (error) {
    if (error instanceof GitHubError && error.status === 403) return ACTIONS_LOGIN;
    throw error;
  }
}

/** Asks nothing yet, except for the installation of an App whose id is not given. */
export async function connectGitHub(
  settings: GitHubSettings,
  repository: Repository,
  options: ConnectOptions = {},
): Promise<GitHub> {
  const { credentials } = settings;
  const octokit =
    credentials.kind === 'app'
      ? await openApp(settings, credentials, repository, options)
      : open(settings, { auth: credentials.token }, options);
  let login: Promise<string> | undefined;
  return {
    repository,
    rest: octokit.rest,
    paginate: octokit.paginate,
    login() {
      login ??= settings.login ? Promise.resolve(settings.login) : findLogin(octokit, credentials);
      return login;
    },
  };
}
