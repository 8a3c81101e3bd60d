/** A pull request and a label go in; who set the label that it has now, and when, comes out. */
import type { GitHub } from './client.ts';
import { type Account, toAccount } from './pull-request.ts';

export interface LabelEvent {
  /** Absent when the account was deleted. */
  readonly actor?: Account;
  /** GitHub's time, `2026-01-31T12:00:00Z`. */
  readonly at: string;
}

/** The last event that set each label which nobody has taken off since; a request for every 100 events. */
export async function readLabelEvents(github: GitHub, number: number): Promise<Map<string, LabelEvent>> {
  const { owner, name: repo } = github.repository;
  const events = await github.paginate(github.rest.issues.listEvents, {
    ...{ owner, repo, issue_number: number, per_page: 100 },
  });
  const set = new Map<string, LabelEvent>();
  for (const event of events.toSorted((a, b) => a.id - b.id)) {
    const label = 'label' in event ? event.label?.name : undefined;
    if (!label) continue;
    if (event.event === 'unlabeled') set.delete(label);
    if (event.event === 'labeled') {
      const { actor, created_at: at } = event;
      set.set(label, actor ? { actor: toAccount(actor), at } : { at });
    }
  }
  return set;
}
