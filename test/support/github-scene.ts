/** A stand-in for GitHub with people in it, and connections to it whose waiting is short. */
import { connectGitHub, type GitHub } from '../../src/github/client.ts';
import { writePlanComment } from '../../src/github/comment.ts';
import { findPlanComment } from '../../src/github/find-comment.ts';
import { parseRepository } from '../../src/github/repository.ts';
import {
  createGitHub,
  type GitHubStandIn,
  type StandInOptions,
  WORKFLOW_PERMISSIONS,
} from './github-server.ts';

export const KEY = 'k'.repeat(40);
export const LABEL = 'plumbline:allow-destructive';

/** Milliseconds that a second of waiting takes. */
const SECOND = 5;

export interface Scene extends GitHubStandIn {
  /** As a workflow's run connects: a new connection each time. */
  connect(token?: string): Promise<GitHub>;
  /** What a plan run does: find the comment, write it. */
  plan(
    number: number,
    draft: { digest: string; text: string; commit?: string },
    run?: PlanRun,
  ): Promise<string>;
}

export interface PlanRun {
  readonly estate?: string;
  readonly key?: string | undefined;
  readonly github?: GitHub;
}

/**
 * `ada` (the author of pull requests) and `grace` may write, `admin` is an admin, `reader` may only read, `stranger` has no
 * access.
 */
export async function createScene(options: StandInOptions = {}): Promise<Scene> {
  const standIn = await createGitHub(options);
  const { state } = standIn;
  state.addUser('ada', 'write');
  state.addUser('grace', 'write');
  state.addUser('admin', 'admin');
  state.addUser('reader', 'read');
  state.addUser('stranger', 'none');
  state.setFiles('main', { 'README.md': 'Hello.' });
  const connect = async (token = standIn.token(WORKFLOW_PERMISSIONS)): Promise<GitHub> =>
    connectGitHub(
      { apiUrl: standIn.url, credentials: { kind: 'token', token } },
      parseRepository(state.repository),
      { second: SECOND },
    );
  return {
    ...standIn,
    connect,
    async plan(number, { digest, text, commit = state.pull(number).headSha }, run = {}) {
      const github = run.github ?? (await connect());
      const query = { number, estate: run.estate ?? '.', key: 'key' in run ? run.key : KEY, commit };
      const search = await findPlanComment(github, query);
      return (await writePlanComment(github, query, search, { commit, digest, text })).action;
    },
  };
}

/** 32 hexadecimal digits from a word. */
export function digestOf(word: string): string {
  return Buffer.from(word.padEnd(16, '.')).subarray(0, 16).toString('hex');
}
