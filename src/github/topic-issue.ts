/** What is wrong goes in, or that nothing is; it comes out as one issue that opens, changes and closes with it. */
import { PlumblineError } from '../model/errors.ts';
import type { GitHub } from './client.ts';
import { BODY_LIMIT } from './comment.ts';
import { createOnce, NO_RETRIES } from './create-once.ts';
import { settledText } from './marker.ts';

export interface Topic {
  /** What it is about, such as `drift`, `failback` or `feeds`; also the end of its label, `plumbline:drift`. */
  readonly topic: string;
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
}

export interface TopicState extends Topic {
  readonly title: string;
  /** Markdown for the issue while something is wrong; undefined when nothing is. */
  readonly text: string | undefined;
  /** Markdown of the comment that closes the issue. */
  readonly closing: string;
}

export interface TopicIssue {
  readonly number: number;
  readonly url: string;
  readonly open: boolean;
  /** When it was opened, in GitHub's time. */
  readonly since: string;
  readonly title: string;
  /** Markdown, without the marker. */
  readonly text: string;
  /** Whether the wrong had ended when it was closed; else somebody closed it all the same. */
  readonly clean: boolean;
}

export interface WrittenIssue {
  /** `muted`: a person closed it, and nothing has changed since. */
  readonly action: 'opened' | 'updated' | 'reopened' | 'closed' | 'unchanged' | 'muted' | 'none';
  readonly url?: string;
}

type Raw = Awaited<ReturnType<GitHub['rest']['issues']['listForRepo']>>['data'][number];

const labelOf = ({ topic }: Topic): string => `plumbline:${topic}`;

function markerOf({ topic, estate }: Topic, state: 'open' | 'clean'): string {
  return `<!-- plumbline:issue:1 topic=${encodeURIComponent(topic)} estate=${encodeURIComponent(estate)} state=${state} -->`;
}

function toTopicIssue(raw: Raw, topic: Topic, login: string): TopicIssue | undefined {
  if (raw.pull_request || raw.user?.login !== login) return undefined;
  const [first = '', ...rest] = (raw.body ?? '').split(/\r?\n/);
  const state = (['open', 'clean'] as const).find((one) => first === markerOf(topic, one));
  if (state === undefined) return undefined;
  return {
    ...{ number: raw.number, url: raw.html_url, title: raw.title, since: raw.created_at },
    open: raw.state === 'open',
    text: rest.join('\n').trim(),
    clean: state === 'clean',
  };
}

/**
 * The newest issue of the topic: by the token's own identity, with the marker as its first line. One request, and a second one
 * when no issue has the label, in case somebody took it off. Throws a GitHubError.
 */
export async function findTopicIssue(github: GitHub, topic: Topic): Promise<TopicIssue | undefined> {
  const { owner, name: repo } = github.repository;
  const login = await github.login();
  const newest = { owner, repo, sort: 'created', direction: 'desc', per_page: 100 } as const;
  const pick = (issues: readonly Raw[]) => issues.flatMap((raw) => toTopicIssue(raw, topic, login) ?? [])[0];
  const { rest } = github;
  const labelled = await rest.issues.listForRepo({ ...newest, state: 'all', labels: labelOf(topic) });
  const found = pick(labelled.data);
  if (found) return found;
  return pick((await rest.issues.listForRepo({ ...newest, state: 'open', creator: login })).data);
}

async function open(github: GitHub, state: TopicState, body: string): Promise<WrittenIssue> {
  const { owner, name: repo } = github.repository;
  const labels = [labelOf(state)];
  const draft = { owner, repo, title: state.title, body, labels, request: NO_RETRIES };
  const created = await createOnce(
    async () => (await github.rest.issues.create(draft)).data.html_url,
    async () => {
      const found = await findTopicIssue(github, state);
      return found?.open ? found.url : undefined;
    },
  );
  return { action: 'opened', url: created };
}

async function close(github: GitHub, issue: TopicIssue, state: TopicState): Promise<WrittenIssue> {
  const { owner, name: repo } = github.repository;
  const target = { owner, repo, issue_number: issue.number };
  const body = `${markerOf(state, 'clean')}\n\n${issue.text}`;
  if (!issue.open) {
    // Somebody closed it while it lasted; from now on it is over, and the next time gets an issue of its own.
    await github.rest.issues.update({ ...target, body });
    return { action: 'none' };
  }
  // Closed before it is said: if the comment fails, no later run says it again and again.
  await github.rest.issues.update({ ...target, state: 'closed', state_reason: 'completed', body });
  await github.rest.issues.createComment({ ...target, body: state.closing, request: NO_RETRIES });
  return { action: 'closed', url: issue.url };
}

/**
 * Keeps the topic's one issue: opens it, changes it only when its text or title changes, and closes it with a comment when
 * nothing is wrong any more. An issue that a person closed while it lasts stays closed until the text changes; then it is
 * opened again. `found` is from `findTopicIssue`. Throws a GitHubError, and a PlumblineError for a text GitHub would not take.
 */
export async function keepTopicIssue(
  github: GitHub,
  state: TopicState,
  found: TopicIssue | undefined,
): Promise<WrittenIssue> {
  const ongoing = found && (found.open || !found.clean) ? found : undefined;
  if (state.text === undefined) return ongoing ? await close(github, ongoing, state) : { action: 'none' };
  const body = `${markerOf(state, 'open')}\n\n${settledText(state.text)}`;
  if (body.length > BODY_LIMIT) {
    throw new PlumblineError(`The issue has ${body.length} characters; GitHub takes ${BODY_LIMIT}.`);
  }
  if (!ongoing) return await open(github, state, body);
  const same = settledText(ongoing.text) === settledText(state.text) && ongoing.title === state.title;
  if (same) return { action: ongoing.open ? 'unchanged' : 'muted', url: ongoing.url };
  const { owner, name: repo } = github.repository;
  const target = { owner, repo, issue_number: ongoing.number };
  await github.rest.issues.update({ ...target, title: state.title, body, state: 'open' });
  return { action: ongoing.open ? 'updated' : 'reopened', url: ongoing.url };
}
