/** Takes a plan and what its review knows and gives the comment on the pull request, and the summary of the workflow's step. */
import type { PairPreview } from '../dr/pair-preview.ts';
import type { Plan } from '../model/plan.ts';
import { unreadableNodes } from '../model/plan.ts';
import type { Approval, Rehearsal, ReviewContext } from '../model/review.ts';
import { type Blocks, blocksOf } from './comment-blocks.ts';
import { foldedEntry, openEntry, type View } from './comment-entry.ts';
import { findingsSection } from './comment-findings.ts';
import { elsewhere, headText, quietLine } from './comment-head.ts';
import { type MergedEntry, type MergedPlan, mergePlan } from './comment-merge.ts';
import { nextSteps } from './comment-next.ts';
import { type LeftOut, notices } from './comment-notices.ts';
import { openSection } from './comment-open.ts';
import { pairsSection } from './comment-pairs.ts';
import { type PreviousPlan, previousSection } from './comment-previous.ts';
import { quietPieces } from './comment-quiet.ts';
import { rehearsalLine } from './comment-rehearsal.ts';
import { restSections } from './comment-rest.ts';
import { COMMENT_LIMIT, characters, roomOf, SUMMARY_LIMIT, utf8Bytes } from './comment-room.ts';
import { type TopologyChange, topologyForms } from './comment-topology.ts';
import { commentVerdict } from './comment-verdict.ts';
import { foldTenants, type TenantEntry } from './fold-tenants.ts';
import { staysOpen } from './markdown-entry.ts';
import { code } from './markdown-escape.ts';
import { stagesSection } from './stages.ts';

export interface CommentInput {
  readonly plan: Plan;
  readonly context: ReviewContext;
  readonly approvals: readonly Approval[];
  readonly rehearsal?: Rehearsal;
  /** The newest first. */
  readonly previous: readonly PreviousPlan[];
  readonly topology?: TopologyChange;
  /** Of pairs that an apply repairs. */
  readonly pairs?: readonly PairPreview[];
}

export interface RenderedComment {
  /** Fewer than 60,000 characters, with room left for the hidden marker. */
  readonly comment: string;
  /** Up to 1,000 KiB of UTF-8. */
  readonly summary: string;
  /** Whether the comment leaves out, or tells on a line, what the summary or the plan's file tells in full. */
  readonly cut: boolean;
  /** How many destructive or rebuilding entries the comment does not even name; nobody can allow what is not shown. */
  readonly unnamed: number;
}

/** What one text may hold, and where its readers find the rest. */
interface Medium {
  readonly limit: number;
  readonly size: (text: string) => number;
  readonly elsewhere: string;
}

/** Both texts are made of the same pieces; each is rendered once. */
interface Pieces {
  readonly open: (entry: MergedEntry) => string;
  readonly folded: (entry: TenantEntry<MergedEntry>) => string;
  readonly folds: readonly TenantEntry<MergedEntry>[];
  readonly topology: readonly string[];
  /** About repairs of pairs; empty where there are none. */
  readonly pairs: string;
}

interface Composed {
  readonly text: string;
  readonly cut: boolean;
  readonly unnamed: number;
}

/** For the sentences that say what is left out. */
const NOTICE = 800;
/** Kept for previous plans before the folded entries use up what is left. */
const HISTORY = 2000;

function once(render: (entry: MergedEntry) => string): (entry: MergedEntry) => string {
  const rendered = new Map<MergedEntry, string>();
  return (entry) => {
    const text = rendered.get(entry) ?? render(entry);
    rendered.set(entry, text);
    return text;
  };
}

function compose(input: CommentInput, merged: MergedPlan, pieces: Pieces, medium: Medium): Composed {
  const { plan, context, approvals, rehearsal, previous } = input;
  const view: View = { context, several: plan.clusters.length > 1 };
  const room = roomOf(medium.limit - NOTICE, medium.size);
  const taken = (text: string): string => (text !== '' && room.take(text) ? text : '');
  // Room goes to what matters most; the order of reading comes after.
  const blocks: Blocks = blocksOf(merged, approvals);
  const head = taken(headText(context, commentVerdict(merged), [`digest ${code(plan.digest)}`]));
  const [blocksText, next] = [taken(blocks.text), taken(nextSteps(merged, blocks))];
  const rehearsed = rehearsal ? taken(rehearsalLine(rehearsal)) : '';
  const openEntries = merged.entries.filter(staysOpen);
  const finishOpen = openSection(openEntries, view, room, pieces.open);
  const findings = findingsSection(merged.findings, view, room, medium.limit / 4);
  const topology = pieces.topology.find((form) => room.take(form)) ?? '';
  const pairs = taken(pieces.pairs);
  const stages = taken(stagesSection(plan.stages));
  const open = finishOpen();
  const history = Math.min(
    HISTORY,
    room.left(),
    previous.reduce((sum, { summary }) => sum + summary.length + 300, 0),
  );
  room.hold(history);
  const folded = pieces.folds;
  const rest = restSections(folded, room, pieces.folded);
  const quiet = quietPieces(plan).filter((text) => room.take(text));
  room.hold(-history);
  const older = previousSection(previous, context, room);
  const leftOut: LeftOut = {
    ...{ entries: rest.leftOut, brief: open.brief, findings: findings.leftOut, unnamed: open.unnamed },
  };
  const said = notices(leftOut, medium.elsewhere);
  const parts = [
    head,
    ...said,
    blocksText,
    findings.text,
    stages,
    open.text,
    rest.text,
    ...quiet,
    topology,
    pairs,
    rehearsed,
    next,
    older,
  ];
  return {
    text: `${parts.filter((part) => part !== '').join('\n\n')}\n`,
    cut: said.length > 0,
    unnamed: open.unnamed,
  };
}

function isQuiet({ plan, rehearsal }: CommentInput, { entries, findings }: MergedPlan): boolean {
  const rehearsed =
    rehearsal === undefined || rehearsal.outcome === 'clean' || rehearsal.outcome === 'skipped';
  return entries.length === 0 && findings.length === 0 && unreadableNodes(plan).length === 0 && rehearsed;
}

/** The same input always gives the same text; nothing in it can act on its readers, whatever names and errors say. */
export function renderComment(input: CommentInput): RenderedComment {
  const { plan, context, previous } = input;
  const merged = mergePlan(plan);
  const topology = topologyForms(input.topology);
  const pairs = pairsSection(input.pairs);
  if (isQuiet(input, merged) && topology.length === 0 && pairs === '') {
    const older = previousSection(
      previous,
      context,
      roomOf(COMMENT_LIMIT - quietLine(context).length, characters),
    );
    const text = `${[quietLine(context), older].filter((part) => part !== '').join('\n\n')}\n`;
    return { comment: text, summary: text, cut: false, unnamed: 0 };
  }
  const view: View = { context, several: plan.clusters.length > 1 };
  const pieces: Pieces = {
    open: once((entry) => openEntry(entry, view)),
    folded: once((entry) => foldedEntry(entry, view)),
    folds: foldTenants(merged.entries.filter((entry) => !staysOpen(entry))),
    topology,
    pairs,
  };
  const comment = compose(input, merged, pieces, {
    ...{ limit: COMMENT_LIMIT, size: characters, elsewhere: elsewhere(context) },
  });
  const summary = compose(input, merged, pieces, {
    ...{ limit: SUMMARY_LIMIT, size: utf8Bytes, elsewhere: 'in the artifact of this run' },
  });
  return { comment: comment.text, summary: summary.text, cut: comment.cut, unnamed: comment.unnamed };
}
