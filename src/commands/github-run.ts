/** What the commands inside a GitHub workflow share: secrets from one variable, the connection, artifacts, the step summary. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { connectGitHub, type GitHub } from '../github/client.ts';
import { readWorkflowRun, type WorkflowRun } from '../github/event.ts';
import { readGitHubSettings } from '../github/settings.ts';
import { readSigningKey } from '../github/signing-key.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Output } from './output.ts';

export interface GitHubOptions {
  /** The estate's folder inside the checkout. */
  readonly estate: string;
  /** Where files for the workflow's artifact go. */
  readonly artifacts: string;
  readonly connectTimeout: number;
}

export interface GitHubRun extends WorkflowRun {
  readonly key: string | undefined;
  connect(): Promise<GitHub>;
}

/** GitHub's own summary takes 1 MiB, and loses what is larger whole. */
const SUMMARY_LIMIT = 1_000 * 1024;

/** `PLUMBLINE_ENV` holds lines of `NAME=value`: one secret for all variables that the clusters' credentials name. */
function loadCredentials(output: Output): void {
  const lines = process.env.PLUMBLINE_ENV ?? '';
  for (const [name, value] of Object.entries(parseEnv(lines))) {
    if (!/^[A-Za-z_]\w*$/.test(name) || /^(GITHUB_|NODE_|PATH$|LD_)/.test(name)) {
      throw new PlumblineError(`PLUMBLINE_ENV sets ${name}, which is no variable for credentials.`);
    }
    // GitHub masks the secret's lines as a whole; this masks the values.
    if (value)
      output.result(
        `::add-mask::${value.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')}\n`,
      );
    process.env[name] ??= value;
  }
}

export function openGitHubRun(output: Output): GitHubRun {
  loadCredentials(output);
  const run = readWorkflowRun(process.env);
  return {
    ...run,
    key: readSigningKey(process.env),
    connect: () => connectGitHub(readGitHubSettings(process.env), run.repository, { note: output.note }),
  };
}

/** Appends to the page of the workflow's run, where there is one. */
export async function writeSummary(text: string): Promise<void> {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file && Buffer.byteLength(text) <= SUMMARY_LIMIT) await appendFile(file, `${text.trimEnd()}\n`);
}

export async function keepArtifacts(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
