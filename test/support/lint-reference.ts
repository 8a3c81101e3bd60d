/** The lint rules go in, their reference for people comes out. */
import type { Rule } from '../../src/lint/rule.ts';

const INTRODUCTION = `# Lint

<!-- Made from src/lint by test/lint.test.ts; \`npx vitest run lint --update\` writes it anew. -->

\`plumbline lint\` tells what ClickHouse takes, and people who know it would not write. It asks no server. \`validate\` shows the same
findings, \`plan\` and the comment on a pull request those of the objects that the plan creates or changes.

| option | what it does |
|---|---|
| \`--format text\` \`json\` \`sarif\` \`junit\` | How findings are written. |
| \`--severity error\` | Leaves warnings out. |
| \`--strict\` | Exits with 1 for warnings, too; without it, only errors do. |

A rule that does not hold is silenced where it does not hold, with the reason, for an object or for one of its columns:

\`\`\`yaml
kind: Table
database: shop
name: settings
columns:
  name: String
  type: { type: String, lint: { ignore: { low-cardinality-missing: made up by users } } }
lint:
  ignore:
    no-sorting-key: never more than a hundred rows
\`\`\`

or for all estates of a repository in \`plumbline.yaml\` at its root:

\`\`\`yaml
lint:
  ignore:
    materialized-view-without-columns: our views are written by a generator
\`\`\`

A reason is required. Silencing that silences nothing is a finding itself (\`unused-ignore\`), and the name of a rule that does not exist
is a mistake.
`;

const fenced = (text: string): string => `\`\`\`yaml\n${text.trimEnd()}\n\`\`\``;

function section({ slug, severity, title, why, link, bad, good, refusal }: Rule): string {
  return [
    `## ${slug}`,
    `*${severity}* · ${title}`,
    why,
    `<${link}>`,
    refusal === undefined ? 'Instead of' : 'Instead of (which ClickHouse 26.7 refuses)',
    fenced(bad),
    'declare',
    fenced(good),
  ].join('\n\n');
}

export function lintReference(rules: readonly Rule[]): string {
  const list = rules.map(
    ({ slug, severity, title }) => `| [\`${slug}\`](#${slug}) | ${severity} | ${title} |`,
  );
  const table = ['| rule | severity | what it finds |', '|---|---|---|', ...list].join('\n');
  return `${[INTRODUCTION.trimEnd(), table, ...rules.map(section)].join('\n\n')}\n`;
}
