/** Environment variables go in; where GitHub's API is, and as whom to speak to it, come out. */
import { createPrivateKey } from 'node:crypto';
import { PlumblineError } from '../model/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'app';
      readonly appId: string;
      readonly privateKey: string;
      /** Looked up by the repository when it is not given. */
      readonly installationId?: number;
    };

export interface GitHubSettings {
  /** `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly credentials: Credentials;
  /** The login that the token's comments carry, where it can't be found out from the token. */
  readonly login?: string;
}

function appCredentials(env: Environment): Credentials {
  const { PLUMBLINE_APP_ID: appId, PLUMBLINE_APP_PRIVATE_KEY: key, PLUMBLINE_APP_INSTALLATION_ID: id } = env;
  if (!appId || !key) {
    const missing = appId ? 'PLUMBLINE_APP_PRIVATE_KEY' : 'PLUMBLINE_APP_ID';
    throw new PlumblineError(`A GitHub App needs both its id and its private key; set ${missing}.`);
  }
  // A variable that can't hold lines holds the two characters `\n` instead of each line end.
  const privateKey = key.replaceAll('\\n', '\n');
  try {
    createPrivateKey(privateKey);
  } catch {
    throw new PlumblineError('PLUMBLINE_APP_PRIVATE_KEY is no private key; set it to the whole .pem file.');
  }
  if (id && !/^\d+$/.test(id)) {
    throw new PlumblineError('PLUMBLINE_APP_INSTALLATION_ID must be a number.');
  }
  return { kind: 'app', appId, privateKey, ...(id ? { installationId: Number(id) } : {}) };
}

/**
 * `PLUMBLINE_APP_ID` and `PLUMBLINE_APP_PRIVATE_KEY` (with `PLUMBLINE_APP_INSTALLATION_ID` where the App must not look it
 * up), else `GITHUB_TOKEN`; `GITHUB_API_URL`; `PLUMBLINE_LOGIN`. Throws a PlumblineError that names what is missing.
 */
export function readGitHubSettings(env: Environment): GitHubSettings {
  const { GITHUB_TOKEN: token, PLUMBLINE_LOGIN: login } = env;
  const isApp = Boolean(env.PLUMBLINE_APP_ID || env.PLUMBLINE_APP_PRIVATE_KEY);
  if (!isApp && !token) {
    throw new PlumblineError(
      'There is no GitHub token; set GITHUB_TOKEN to `github.token` in the `env:` of the step.',
    );
  }
  // A line end in a secret that was pasted would end the header, and fetch would show the value in its error.
  const credentials = isApp ? appCredentials(env) : { kind: 'token' as const, token: (token ?? '').trim() };
  if (credentials.kind === 'token' && !/^[\x21-\x7e]+$/.test(credentials.token)) {
    throw new PlumblineError('GITHUB_TOKEN has characters that no token has.');
  }
  const apiUrl = (env.GITHUB_API_URL || 'https://api.github.com').replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.canParse(apiUrl) ? new URL(apiUrl).protocol : '')) {
    throw new PlumblineError('GITHUB_API_URL is no address of a server; GitHub sets it in every workflow.');
  }
  return { apiUrl, credentials, ...(login ? { login } : {}) };
}
