/** What the stand-in for GitHub remembers, and what people do in it: push, label, comment, merge, edit. */
import { createHash } from 'node:crypto';

export type Permission = 'admin' | 'write' | 'read' | 'none';

export interface User {
  readonly login: string;
  readonly id: number;
  readonly type: 'User' | 'Bot' | 'Organization';
  /** In the repository. */
  permission: Permission;
}

export interface Comment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
}

export interface LabelChange {
  readonly id: number;
  readonly event: 'labeled' | 'unlabeled';
  readonly label: string;
  readonly actor: string;
  /** Of the account that had the login at the time. */
  readonly actorId: number;
  readonly at: string;
}

export interface ChangedFile {
  readonly filename: string;
  readonly previous?: string;
}

export interface Pull {
  readonly headRef: string;
  headSha: string;
  readonly baseRef: string;
  readonly baseSha: string;
  readonly fork: boolean;
  mergedAt?: string;
  mergeCommit?: string;
  files: readonly ChangedFile[];
}

export interface Issue {
  readonly number: number;
  readonly author: string;
  title: string;
  body: string;
  open: boolean;
  stateReason: string | null;
  readonly labels: Set<string>;
  readonly changes: LabelChange[];
  readonly createdAt: string;
  updatedAt: string;
  closedAt?: string;
  readonly pull?: Pull;
}

export interface OpenedPull {
  readonly author: string;
  /** A commit; made up from the title when it is not given. */
  readonly headSha?: string;
  readonly headRef?: string;
  readonly baseRef?: string;
  readonly baseSha?: string;
  readonly title?: string;
  readonly fork?: boolean;
  readonly files?: readonly (string | ChangedFile)[];
}

/** A commit's name for a word, always the same. */
export function shaOf(word: string): string {
  return createHash('sha1').update(word).digest('hex');
}

export type GitHubState = ReturnType<typeof createState>;

/** Every change takes a second of the stand-in's own clock, so that times tell the order; `holdClock` stops it. */
export function createState(repository: string) {
  const [owner = '', name = ''] = repository.split('/');
  const users = new Map<string, User>();
  const issues = new Map<number, Issue>();
  const comments = new Map<number, Comment>();
  /** By branch or commit, then by path. */
  const files = new Map<string, Map<string, string>>();
  /** By `org/slug`, then by login. */
  const teams = new Map<string, Map<string, 'active' | 'pending'>>();
  let time = Date.parse('2026-01-31T12:00:00Z');
  let held = false;
  let ids = 1000;
  const nextId = (): number => ++ids;

  function tick(seconds = 1): string {
    if (!held) time += seconds * 1000;
    return new Date(time).toISOString().replace('.000', '');
  }

  function user(login: string): User {
    const found = users.get(login);
    if (!found) throw new Error(`nobody is called ${login}; call addUser first`);
    return found;
  }

  function issue(number: number): Issue {
    const found = issues.get(number);
    if (!found) throw new Error(`there is no #${number}`);
    return found;
  }

  function pull(number: number): Pull {
    const found = issue(number).pull;
    if (!found) throw new Error(`#${number} is no pull request`);
    return found;
  }

  function openIssue(author: string, title: string, body: string, labels: readonly string[] = [], on?: Pull) {
    const at = tick();
    const opened: Issue = {
      ...{ number: issues.size + 1, author, title, body, open: true, stateReason: null },
      ...{ labels: new Set<string>(), changes: [], createdAt: at, updatedAt: at },
      ...(on ? { pull: on } : {}),
    };
    issues.set(opened.number, opened);
    for (const label of labels) changeLabel(opened.number, label, author, 'labeled');
    return opened;
  }

  function changeLabel(number: number, label: string, actor: string, event: LabelChange['event']): void {
    const target = issue(number);
    const had = target.labels.has(label);
    if (had === (event === 'labeled')) return;
    if (event === 'labeled') target.labels.add(label);
    else target.labels.delete(label);
    const at = tick();
    target.changes.push({ id: nextId(), event, label, actor, actorId: user(actor).id, at });
    target.updatedAt = at;
  }

  return {
    ...{ owner, name, repository, users, issues, comments, files, teams, tick, nextId, user, issue, pull },
    openIssue,

    holdClock(stop: boolean): void {
      held = stop;
    },

    addUser(login: string, permission: Permission = 'none', type: User['type'] = 'User'): User {
      const added: User = { login, id: nextId(), type, permission };
      users.set(login, added);
      return added;
    },

    addTeam(slug: string, members: Readonly<Record<string, 'active' | 'pending'>>): void {
      teams.set(`${owner}/${slug}`, new Map(Object.entries(members)));
    },

    /** Files at a branch or a commit; all of them. */
    setFiles(ref: string, contents: Readonly<Record<string, string>>): void {
      files.set(ref, new Map(Object.entries(contents)));
    },

    openPull(opened: OpenedPull): number {
      const { author, title = 'A change', baseRef = 'main', fork = false } = opened;
      const on: Pull = {
        headSha: opened.headSha ?? shaOf(`head of ${title}`),
        headRef: opened.headRef ?? 'change',
        baseRef,
        baseSha: opened.baseSha ?? shaOf(`base ${baseRef}`),
        fork,
        files: (opened.files ?? []).map((file) => (typeof file === 'string' ? { filename: file } : file)),
      };
      return openIssue(author, title, '', [], on).number;
    },

    push(number: number, sha: string): void {
      pull(number).headSha = sha;
      issue(number).updatedAt = tick();
    },

    label: (number: number, label: string, by: string) => changeLabel(number, label, by, 'labeled'),
    unlabel: (number: number, label: string, by: string) => changeLabel(number, label, by, 'unlabeled'),

    comment(number: number, author: string, body: string): Comment {
      const at = tick();
      const added = { id: nextId(), issue: issue(number).number, author, body, createdAt: at, updatedAt: at };
      comments.set(added.id, added);
      return added;
    },

    editComment(id: number, body: string): void {
      const edited = comments.get(id);
      if (!edited) throw new Error(`there is no comment ${id}`);
      edited.body = body;
      edited.updatedAt = tick();
    },

    commentsOf: (number: number): Comment[] =>
      [...comments.values()].filter((one) => one.issue === number).sort((a, b) => a.id - b.id),

    close(number: number, stateReason = 'completed'): void {
      const at = tick();
      Object.assign(issue(number), { open: false, stateReason, closedAt: at, updatedAt: at });
    },

    reopen(number: number): void {
      Object.assign(issue(number), { open: true, stateReason: 'reopened', updatedAt: tick() });
    },

    /** Returns the merge commit. */
    merge(number: number, sha = shaOf(`merge of #${number}`)): string {
      const at = tick();
      Object.assign(pull(number), { mergedAt: at, mergeCommit: sha });
      Object.assign(issue(number), { open: false, closedAt: at, updatedAt: at });
      return sha;
    },
  };
}
