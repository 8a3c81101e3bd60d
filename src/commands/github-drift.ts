/** `plumbline github drift`: keeps one issue about what has changed on the servers, open while it lasts, and those about pairs of sites. */
import { type Survey, survey } from '../apply/survey.ts';
import { findTopicIssue, keepTopicIssue } from '../github/topic-issue.ts';
import { lastChange } from '../live/last-change.ts';
import { PlumblineError } from '../model/errors.ts';
import { plannedSteps } from '../model/plan.ts';
import { type DriftAuthor, renderDriftIssue } from '../render/drift-issue.ts';
import { renderJson } from '../render/json.ts';
import { renderJunit } from '../render/junit.ts';
import { renderMarkdown } from '../render/markdown.ts';
import { visibleId } from '../render/visible.ts';
import { loadEstate, type OpenEstate } from './estate-options.ts';
import { keepPairIssues } from './github-dr.ts';
import { estateInRepository } from './github-plan.ts';
import { type GitHubOptions, keepArtifacts, openGitHubRun, writeSummary } from './github-run.ts';
import { patchOf } from './import-patch.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { planExitCode } from './plan.ts';

/** Objects whose last change is asked for; each is a query. */
const ASKED = 50;

async function authorsOf({ plan, servers }: Survey): Promise<DriftAuthor[]> {
  const authors: DriftAuthor[] = [];
  for (const { node, step } of plannedSteps(plan).slice(0, ASKED)) {
    const server = servers.get(node);
    const change = server && (await lastChange(server, step.object));
    if (change) authors.push({ node, object: visibleId(step.object), ...change });
  }
  return authors;
}

/** Who changed what, and how to accept it. */
async function explain(folder: string, opened: OpenEstate, drifted: Survey) {
  const authors = await authorsOf(drifted);
  // What pairs create stands in no declaration that a patch could change.
  const { objects } = await loadEstate(folder);
  const declared = { ...opened, estate: { ...opened.estate, objects } };
  return { authors, patch: await patchOf(folder, declared, drifted) };
}

export async function githubDrift(options: GitHubOptions, output: Output): Promise<number> {
  const run = openGitHubRun(output);
  if (run.event.name !== 'schedule' && run.event.name !== 'workflow_dispatch') {
    throw new PlumblineError(
      `\`github drift\` runs on schedule or workflow_dispatch, not on ${run.event.name}.`,
    );
  }
  const opened = await openToPlan(options, output);
  try {
    const surveyed = await survey(opened.estate, { ...opened, keepStates: true });
    const { plan } = surveyed;
    const { authors, patch } = await explain(options.estate, opened, surveyed).finally(surveyed.close);
    await keepArtifacts(options.artifacts, {
      'plan.json': renderJson(plan),
      ...(patch.text !== '' && { 'accept.patch': patch.text }),
      'drift.junit.xml': renderJunit(plan, { changesFail: true }),
    });
    await writeSummary(renderMarkdown(plan));
    const github = await run.connect();
    const topic = { topic: 'drift', estate: await estateInRepository(options.estate) };
    const text = renderDriftIssue(plan, authors, run.runUrl, patch);
    const state = {
      ...topic,
      title:
        topic.estate === '.'
          ? 'ClickHouse drifted from its declarations'
          : `ClickHouse drifted from ${topic.estate}`,
      text,
      closing: 'Nothing differs from the declarations any more.',
    };
    const { action, url } = await keepTopicIssue(github, state, await findTopicIssue(github, topic));
    output.note(`The drift issue: ${action}${url ? ` (${url})` : ''}`);
    const where = { estate: options.estate, inRepository: topic.estate, runUrl: run.runUrl };
    const codes = [planExitCode(plan), await keepPairIssues(opened, github, where, output)];
    return codes.includes(1) ? 1 : Math.max(...codes);
  } finally {
    await opened.close();
  }
}
