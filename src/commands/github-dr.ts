/** Checks every declared pair, keeps the check on both sites, and keeps two issues: what is not in sync, and what is ready for failback. */
import type { PairStatus } from '../dr/pair-status.ts';
import type { GitHub } from '../github/client.ts';
import { findTopicIssue, keepTopicIssue, type TopicState } from '../github/topic-issue.ts';
import { renderDrIssue, renderFailbackIssue } from '../render/dr-issue.ts';
import { renderStatusMarkdown } from '../render/dr-markdown.ts';
import { statusExitCode, statusOf } from './dr.ts';
import type { OpenEstate } from './estate-options.ts';
import { writeSummary } from './github-run.ts';
import type { Output } from './output.ts';

/** `estate` is the folder on disk, `inRepository` the one in the repository. */
interface Where {
  readonly estate: string;
  readonly inRepository: string;
  readonly runUrl: string;
}

function statesOf(statuses: readonly PairStatus[], { inRepository, runUrl }: Where): TopicState[] {
  const of = inRepository === '.' ? '' : ` (${inRepository})`;
  const wrong = statuses.filter((status) => statusExitCode([status]) !== 0);
  return [
    {
      ...{ topic: 'dr', estate: inRepository, title: `Sites are not in sync${of}` },
      text: renderDrIssue(wrong, runUrl),
      closing: 'All that can be compared is in sync.',
    },
    {
      ...{ topic: 'failback', estate: inRepository, title: `FAILBACK READY${of}` },
      text: renderFailbackIssue(statuses),
      closing:
        'No pair is ready for failback any more: its sites differ, one of them does not answer, or another one became active.',
    },
  ];
}

/** Exits like `dr status`; 0 where no pair is declared, and then nothing is asked of GitHub. */
export async function keepPairIssues(
  opened: OpenEstate,
  github: GitHub,
  where: Where,
  output: Output,
): Promise<number> {
  if (opened.estate.pairs.length === 0) return 0;
  const { estate } = where;
  const statuses = await statusOf(opened, { estate, record: true });
  await writeSummary(`## Pairs of sites\n\n${renderStatusMarkdown(statuses)}`);
  for (const state of statesOf(statuses, where)) {
    const { action, url } = await keepTopicIssue(github, state, await findTopicIssue(github, state));
    output.note(`The ${state.topic} issue: ${action}${url ? ` (${url})` : ''}`);
  }
  return statusExitCode(statuses);
}
