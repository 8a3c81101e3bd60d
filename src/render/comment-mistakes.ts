/** Takes the mistakes of declarations that can't be planned and gives the comment that says so. */
import type { Finding } from '../model/finding.ts';
import type { ReviewContext } from '../model/review.ts';
import type { RenderedComment } from './comment.ts';
import { asMerged, findingsSection } from './comment-findings.ts';
import { elsewhere, headText } from './comment-head.ts';
import { COMMENT_LIMIT, characters, roomOf, SUMMARY_LIMIT, utf8Bytes } from './comment-room.ts';
import { counted } from './units.ts';

/** For everything but the mistakes. */
const FRAME = 4000;
const NEXT = '### Next\n\n- Mend the declarations and push: every push is planned anew.';

/** Nothing was planned, so there is nothing else to tell. */
export function renderMistakes(findings: readonly Finding[], context: ReviewContext): RenderedComment {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const verdict = `The declarations have ${counted(errors.length, 'mistake')}; nothing was planned`;
  const compose = (limit: number, size: (text: string) => number, where: string) => {
    const room = roomOf(limit - FRAME, size);
    const view = { context, several: false };
    const { text, leftOut } = findingsSection(asMerged([...errors, ...warnings]), view, room, limit);
    const more =
      leftOut > 0 ? [`> [!NOTE]\n> There is no room here for all of them. They are ${where}.`] : [];
    const parts = [headText(context, verdict, []), ...more, text, NEXT];
    return { text: `${parts.join('\n\n')}\n`, cut: leftOut > 0 };
  };
  const comment = compose(COMMENT_LIMIT, characters, elsewhere(context));
  const summary = compose(SUMMARY_LIMIT, utf8Bytes, 'in the output of `plumbline validate`');
  return { comment: comment.text, summary: summary.text, cut: comment.cut, unnamed: 0 };
}
