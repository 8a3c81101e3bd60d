/** A stand-in for GitHub's REST API on a free port of this machine, which checks everything against the official description. */
import { randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createObjects } from './github-objects.ts';
import { type Operation, openOperations } from './github-openapi.ts';
import { type Answer, APP_OPERATIONS, type Call, createRoutes, failed, type Token } from './github-routes.ts';
import { createState, type GitHubState } from './github-state.ts';

export interface StandInOptions {
  /** `acme/warehouse` unless said otherwise. */
  readonly repository?: string;
  /** Before every path, as `/api/v3` on GitHub Enterprise Server. */
  readonly prefix?: string;
  /** An App whose installation is 77. */
  readonly app?: {
    readonly slug: string;
    readonly publicKey: string;
    readonly permissions: Token['permissions'];
  };
}

export interface Request {
  readonly operation: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  /** Whose token it was; the token itself is not kept. */
  readonly login: string;
}

export interface Fault {
  /** An operation's id, such as `issues/create-comment`; every operation when it is left out. */
  readonly operation?: string;
  /** How many requests fail; 1 unless said otherwise. */
  readonly times?: number;
  /** 0 closes the connection without an answer. */
  readonly status: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request takes effect all the same, and only its answer is lost. */
  readonly afterwards?: boolean;
}

export interface GitHubStandIn {
  /** For `GITHUB_API_URL`. */
  readonly url: string;
  readonly state: GitHubState;
  readonly requests: readonly Request[];
  /** What was not as GitHub's description says; `close` throws when there is any. */
  readonly problems: readonly string[];
  /** A new token; `github-actions[bot]`'s when no login is given. */
  token(permissions: Token['permissions'], login?: string): string;
  /** From now on the token is not accepted any more. */
  revoke(token: string): void;
  /** What goes wrong next; faults of the same operation happen one after the other. */
  fail(fault: Fault): void;
  /** How many requests there were since the last call. */
  countRequests(): number;
  close(): Promise<void>;
}

/** What a workflow's `permissions:` give for plan, apply and drift. */
export const WORKFLOW_PERMISSIONS: Token['permissions'] = {
  ...{ metadata: 'read', contents: 'read', issues: 'write', pull_requests: 'write' },
};

interface Sent extends Answer {
  readonly headers?: Readonly<Record<string, string>>;
}

const RANK = { read: 1, write: 2 } as const;

function isPermitted(needs: string, { permissions }: Token): boolean {
  if (needs === '') return true;
  return needs.split(';').some((set) =>
    set.split(',').every((one) => {
      const [name = '', level] = one.trim().split('=');
      const has = permissions[name];
      return has !== undefined && RANK[has] >= RANK[level === 'write' ? 'write' : 'read'];
    }),
  );
}

function page(list: readonly unknown[], query: URLSearchParams, url: string): Sent {
  const size = Math.min(100, Math.max(1, Number(query.get('per_page') ?? 30)));
  const at = Math.max(1, Number(query.get('page') ?? 1));
  const last = Math.max(1, Math.ceil(list.length / size));
  const link = (rel: string, number: number): string => {
    const to = new URL(url);
    for (const [name, value] of query) to.searchParams.set(name, value);
    to.searchParams.set('page', String(number));
    return `<${to}>; rel="${rel}"`;
  };
  const links = [
    ...(at > 1 ? [link('prev', at - 1), link('first', 1)] : []),
    ...(at < last ? [link('next', at + 1), link('last', last)] : []),
  ];
  const body = list.slice((at - 1) * size, at * size);
  return { status: 200, body, ...(links.length > 0 ? { headers: { link: links.join(', ') } } : {}) };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function isAppToken(jwt: string, publicKey: string): boolean {
  const [header = '', claims = '', signature = ''] = jwt.split('.');
  return verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
}

/** Ended by `close`, which throws when anything was not as GitHub's description says. */
export async function createGitHub(options: StandInOptions = {}): Promise<GitHubStandIn> {
  const { repository = 'acme/warehouse', prefix = '', app } = options;
  const state = createState(repository);
  state.addUser('github-actions[bot]', 'none', 'Bot');
  if (app) state.addUser(`${app.slug}[bot]`, 'none', 'Bot');
  const tokens = new Map<string, Token>();
  const faults: { fault: Fault; left: number }[] = [];
  const requests: Request[] = [];
  const problems: string[] = [];
  let counted = 0;
  let origin = '';

  function addToken(token: Token): string {
    const text = `${token.kind === 'user' ? 'ghp' : 'ghs'}_${randomBytes(18).toString('hex')}`;
    tokens.set(text, token);
    return text;
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => {
      problems.push(`${request.method} ${request.url}: the stand-in failed: ${error.stack}`);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  const objects = createObjects(state, origin);
  const routes = createRoutes(state, objects, addToken, app ?? { slug: 'nobody', permissions: {} });
  const operations = openOperations(Object.keys(routes));

  function authenticate(request: IncomingMessage): Token | undefined {
    const text = (request.headers.authorization ?? '').replace(/^(?:token|bearer) /i, '');
    if (app && text.startsWith('ey') && isAppToken(text, app.publicKey)) {
      return { kind: 'app', login: `${app.slug}[bot]`, permissions: {} };
    }
    return tokens.get(text);
  }

  function takeFault(operation: string): Fault | undefined {
    const entry = faults.find(
      ({ fault, left }) => left > 0 && (!fault.operation || fault.operation === operation),
    );
    if (entry) entry.left--;
    return entry?.fault;
  }

  function perform(operation: Operation, call: Call, url: string): Sent {
    const route = routes[operation.id];
    if (!route) throw new Error(`no route for ${operation.id}`);
    const { token, params, query } = call;
    if (APP_OPERATIONS.has(operation.id) !== (token.kind === 'app')) {
      return failed(401, 'A JSON web token could not be decoded');
    }
    // A token that may not see a private repository is told that there is none.
    if (params.repo !== undefined && `${params.owner}/${params.repo}` !== repository)
      return failed(404, 'Not Found');
    const headers: Record<string, string> = route.needs
      ? { 'x-accepted-github-permissions': route.needs }
      : {};
    if (!isPermitted(route.needs, token)) {
      return { ...failed(403, 'Resource not accessible by integration'), headers };
    }
    const answer = route.answer(call);
    if (!Array.isArray(answer.body) || operation.method !== 'GET') return { ...answer, headers };
    // A folder is a list without pages.
    if (operation.id === 'repos/get-content') return { ...answer, headers };
    const paged = page(answer.body, query, url);
    return { ...paged, headers: { ...headers, ...paged.headers } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : '';
    const body = await readBody(request);
    const token = authenticate(request);
    const shown = `${request.method} ${path}${url.search}`;
    const send = (sent: Sent, operation?: Operation): void => {
      const login = token?.login ?? '';
      const entry = { operation: operation?.id ?? '', method: request.method ?? '', path: path + url.search };
      requests.push({ ...entry, status: sent.status, login });
      if (sent.status === 0) return void response.destroy();
      const wrong = operation?.checkAnswer(sent.status, sent.body) ?? [];
      problems.push(...wrong.map((problem) => `${shown} answers ${sent.status}: ${problem}`));
      const text = sent.body === undefined ? '' : JSON.stringify(sent.body);
      const type = text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' };
      response.writeHead(sent.status, { ...type, ...sent.headers }).end(text);
    };
    const found = operations
      .filter(({ method }) => method === request.method)
      .flatMap((operation) => {
        const params = operation.match(path);
        return params ? [{ operation, params }] : [];
      })[0];
    if (!found) {
      problems.push(`${shown}: the stand-in does not know this operation`);
      return send(failed(404, 'Not Found'));
    }
    const { operation, params } = found;
    const wrong = operation.checkRequest(url.searchParams, body);
    problems.push(...wrong.map((problem) => `${shown}: ${problem}`));
    const fault = takeFault(operation.id);
    if (fault && !fault.afterwards) return send(faultAnswer(fault), operation);
    if (!token) return send(failed(401, 'Bad credentials'), operation);
    const user = state.user(token.login);
    const call = { params, query: url.searchParams, body: (body ?? {}) as Call['body'], user, token };
    const answer = perform(operation, call, `${origin}${path}`);
    send(fault ? faultAnswer(fault) : answer, operation);
  }

  return {
    ...{ url: origin, state, requests, problems },
    token: (permissions, login = 'github-actions[bot]') =>
      addToken({
        kind: state.user(login).type === 'Bot' ? 'installation' : 'user',
        login,
        permissions,
      }),
    revoke: (token) => void tokens.delete(token),
    fail: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    countRequests() {
      const since = requests.length - counted;
      counted = requests.length;
      return since;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      if (problems.length > 0) throw new Error(`not as GitHub's description says:\n${problems.join('\n')}`);
    },
  };
}

function faultAnswer({ status, message = 'Server Error', headers }: Fault): Sent {
  return { ...(status === 0 ? { status } : failed(status, message)), ...(headers ? { headers } : {}) };
}
