/** What a request to GitHub failed with goes in; an error that says what to do about it, without any secret, comes out. */
import { PlumblineError } from '../model/errors.ts';

/** GitHub refused a request, or could not be reached. */
export class GitHubError extends PlumblineError {
  override readonly name = 'GitHubError';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The parts of Octokit's RequestError that are read. */
interface RequestFailure extends Error {
  readonly status: number;
  readonly request: { readonly method: string; readonly url: string };
  readonly response?: {
    readonly data?: unknown;
    readonly headers: Readonly<Record<string, string | number | undefined>>;
  };
}

function isRequestFailure(error: unknown): error is RequestFailure {
  return error instanceof Error && 'status' in error && 'request' in error;
}

/** Whatever the text came from: neither this secret nor what looks like a token stays in it. */
function withoutSecrets(text: string, secret = ''): string {
  return (secret === '' ? text : text.replaceAll(secret, '***'))
    .replace(/\b(?:gh[a-z]_\w+|github_pat_\w+|v1\.[0-9a-f]{40})/g, '***')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '***')
    .replace(/\b(bearer|basic)\s+[^\s"']{8,}/gi, '$1 ***');
}

/** `pull_requests=write; issues=write` as a workflow writes it: `pull-requests: write` or `issues: write`. */
function permissionsText(header: string): string {
  const sets = header.split(';').map((set) =>
    set
      .split(',')
      .map((one) => `\`${one.trim().replaceAll('_', '-').replace('=', ': ')}\``)
      .join(' and '),
  );
  return sets.join(' or ');
}

/** When a limit ends, in milliseconds since 1970, where GitHub says so. */
function resetOf(headers: Readonly<Record<string, string | number | undefined>>): number | undefined {
  const after = Number(headers['retry-after']);
  if (after > 0) return Date.now() + after * 1000;
  const reset = Number(headers['x-ratelimit-reset']);
  return reset > 0 && String(headers['x-ratelimit-remaining']) === '0' ? reset * 1000 : undefined;
}

interface Answer {
  readonly message?: string;
  readonly errors?: readonly (string | { message?: string; field?: string; code?: string })[];
}

function validationText({ message, errors }: Answer): string {
  const parts = (errors ?? []).map((one) =>
    typeof one === 'string' ? one : (one.message ?? `${one.field} ${one.code}`),
  );
  return parts.length > 0 ? parts.join('; ') : (message ?? 'no reason given');
}

function limitText(what: string, message: string, reset: number | undefined): string {
  const which = /secondary/i.test(message) ? 'secondary rate limit' : 'rate limit';
  const when = reset === undefined ? 'in some minutes' : `after ${new Date(reset).toISOString()}`;
  return `GitHub's ${which} holds back ${what}; run this again ${when}.`;
}

function explain(failure: RequestFailure, what: string): string {
  const { status, response } = failure;
  const answer = (typeof response?.data === 'object' ? response.data : undefined) as Answer | undefined;
  const said = answer?.message ?? '';
  const headers = response?.headers ?? {};
  if (!response) return `GitHub could not be reached for ${what}: ${failure.message}.`;
  if (status === 401) {
    return `GitHub does not accept the token for ${what} (401): it is wrong, has expired, or is for another server.`;
  }
  if (status === 403 || status === 429) {
    const reset = resetOf(headers);
    if (status === 429 || reset !== undefined || /rate limit/i.test(said))
      return limitText(what, said, reset);
    const accepted = headers['x-accepted-github-permissions'];
    const needs = accepted
      ? `the token needs ${permissionsText(String(accepted))}; grant it under \`permissions:\` of the workflow, or to the App`
      : said;
    return `GitHub forbids ${what} (403): ${needs}.`;
  }
  if (status === 404) return `GitHub has nothing for ${what} (404), or does not let this token see it.`;
  if (status === 422) return `GitHub finds ${what} invalid (422): ${validationText(answer ?? {})}.`;
  return `GitHub failed at ${what} (${status}): ${said || 'no reason given'}.`;
}

/** A GitHubError in place of what Octokit throws; it has no cause, since that holds the request's headers and body. */
export function toGitHubError(error: unknown, secret?: string): unknown {
  if (!isRequestFailure(error)) return error;
  const { request, response, status } = error;
  const path = URL.canParse(request.url) ? new URL(request.url).pathname : '';
  const text = withoutSecrets(explain(error, `${request.method} ${path}`), secret).replace(/\.\.$/, '.');
  return new GitHubError(response ? status : 0, text);
}
