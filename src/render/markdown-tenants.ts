/** Takes one entry that stands for several tenants and gives its Markdown: what all have in common, shown for the first. */
import { statementLines } from './describe-step.ts';
import type { FoldedEntry } from './fold-nodes.ts';
import { type Alike, alikeTenants, alikeTitle } from './fold-tenants.ts';
import { diffBlock } from './markdown-change.ts';
import { cautions, verb } from './markdown-entry.ts';
import { code, fenced, htmlCode, prose } from './markdown-escape.ts';
import { visibleName, visiblePath, visiblePlace } from './visible.ts';

const WIDTH = 100;

function changeLine({ step }: FoldedEntry): string {
  const { object, place } = step;
  const origin = place ? ` · ${code(visiblePlace(place))}` : '';
  return `- **${verb(step)}** ${prose(object.kind)} ${code(visiblePath(object.path))}${origin}`;
}

/** Blocks of lines; `where` is HTML that says on which nodes. */
export function tenantBlocks(alike: Alike<FoldedEntry>, where: string): string[][] {
  const { tenants, shown } = alike;
  const names = alikeTenants(alike, (name) => htmlCode(visibleName(name)));
  const changed = shown.flatMap(({ step }) => diffBlock(step));
  const statements = shown.flatMap(({ step }) => statementLines(step, WIDTH));
  return [
    [`<details><summary>${alikeTitle(alike)}: ${names} · ${where}</summary>`],
    [`Shown for ${code(visibleName(tenants[0] ?? ''))}; the others differ in the tenant alone:`],
    shown.map(changeLine),
    [...new Set(shown.flatMap(cautions))],
    changed.length > 0 ? fenced('diff', changed) : [],
    statements.length > 0 ? fenced('sql', statements) : [],
    ['</details>'],
  ];
}
