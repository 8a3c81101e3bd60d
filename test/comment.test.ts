/** Renders comments of hand-made plans: what is told, how it is cut, and that nothing destructive is ever out of sight. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DrPair } from '../src/model/dr-pair.ts';
import type { ClusterPlan, NodePlan, Plan } from '../src/model/plan.ts';
import type { ChangeAction, Step } from '../src/model/step.ts';
import { type CommentInput, type RenderedComment, renderComment } from '../src/render/comment.ts';
import { placeUrl } from '../src/render/comment-links.ts';
import { renderMistakes } from '../src/render/comment-mistakes.ts';
import { foldNames, namesIn } from '../src/render/comment-names.ts';
import { topologyDiagram } from '../src/render/mermaid.ts';
import { structure } from './support/gallery-structure.ts';

const CONTEXT = {
  ...{ serverUrl: 'https://github.com', repository: 'example/warehouse', estate: '.' },
  commit: '4f2a9c1e07b35d8866f0a1b2c3d4e5f607182930',
  runUrl: 'https://github.com/example/warehouse/actions/runs/1',
};

function step(action: ChangeAction, name: string, more: Partial<Step> = {}): Step {
  const object = more.object ?? { kind: 'table', path: ['shop', name] };
  return {
    ...{ action, object, statements: [`${action.toUpperCase()} TABLE \`shop\`.\`${name}\` (\`id\` UInt64)`] },
    ...{ verdict: 'metadata', hazards: [], refusals: [], fingerprint: 'absent' },
    changes: [{ action, object, attributes: [] }],
    ...more,
  };
}

const drop = (name: string, more: Partial<Step> = {}): Step =>
  step('drop', name, {
    ...{ verdict: 'destructive', statements: [`DROP TABLE \`shop\`.\`${name}\``] },
    hazards: [{ kind: 'loses data', reason: 'all rows of the table' }],
    impact: { rows: 1200, bytes: 5000, parts: 2 },
    ...more,
  });

const node = (name: string, steps: readonly Step[], more: Partial<NodePlan> = {}): NodePlan => ({
  ...{ node: name, address: `${name}:8123`, version: '26.7', steps, unmanaged: [], findings: [] },
  ...more,
});

const cluster = (name: string, ...nodes: NodePlan[]): ClusterPlan => ({
  cluster: name,
  edition: 'community',
  nodes,
});

const planOf = (...clusters: ClusterPlan[]): Plan => ({
  format: 1,
  digest: '5f1d0c8e2a7b96435f1d0c8e2a7b9643',
  clusters,
});

const inputOf = (plan: Plan, more: Partial<CommentInput> = {}): CommentInput => ({
  ...{ plan, context: CONTEXT, approvals: [], previous: [] },
  ...more,
});

const render = (steps: readonly Step[]): RenderedComment =>
  renderComment(inputOf(planOf(cluster('c', node('c', steps)))));

/** Both texts are under their limits, and all that they open they close. */
function checkForm({ comment, summary }: RenderedComment): void {
  expect(comment.length).toBeLessThanOrEqual(60_000 - 600);
  expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1000 * 1024);
  const shapes = structure(comment, 'https://github.com/example/warehouse/');
  const count = (start: string): number => shapes.filter((shape) => shape.startsWith(start)).length;
  expect(count('html(<details>')).toBe(count('html(</details>'));
  for (const text of [comment, summary]) {
    const lines = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    expect(lines(/^<details>/gm)).toBe(lines(/^<\/details>$/gm));
    expect(lines(/^`{3,}/gm) % 2).toBe(0);
  }
  expect(comment.match(/^`{3,}/gm)?.length ?? 0).toBe(2 * count('code '));
}

describe('a comment', () => {
  test('tells of repairs behind the apply, whatever their pair is called, where the newest check found some', () => {
    const check = (verdicts: Record<string, number>) => ({
      ...{
        time: '2026-11-20T10:11:12.000Z',
        active: 'west',
        clean: false,
        reason: '',
        partitions: 9,
        run: 'r',
      },
      ...{ verdicts, streak: 0 },
    });
    const pair = { name: 'shop`@team', repair: { maxPartitions: 7, maxBytes: 2 ** 30 } } as DrPair;
    const told = (verdicts: Record<string, number>): string =>
      renderComment(
        inputOf(planOf(cluster('c', node('c', []))), { pairs: [{ pair, check: check(verdicts) }] }),
      ).comment;
    expect(told({ equal: 6, different: 3 })).toContain(
      '- ``shop`@team``: the check of 2026-11-20 10:11 UTC found 3 partitions different; up to 7 partitions and 1.0 GiB of it are repaired.',
    );
    expect(told({ equal: 9 })).not.toContain('Repairs behind the apply');
  });

  test('is one quiet line when there is nothing to say', () => {
    const { comment, summary, cut } = renderComment(inputOf(planOf(cluster('c', node('c', [])))));
    expect(comment.trim().split('\n')).toHaveLength(1);
    expect(comment).toContain('no changes at [`4f2a9c1`]');
    expect([summary, cut]).toEqual([comment, false]);
  });

  test('merges what is the same on nodes and clusters, and counts it once', () => {
    const create = step('create', 'orders');
    const plan = planOf(
      cluster('a', node('a-1', [create]), node('a-2', [create])),
      cluster('b', node('b', [create, step('alter', 'x')])),
      cluster('quiet', node('quiet', [])),
    );
    const { comment } = renderComment(inputOf(plan));
    expect(comment).toContain('**1 to create · 1 to alter on 3 nodes of 2 clusters**');
    expect(comment.match(/<details>/g)).toHaveLength(2);
    expect(comment).toContain('### Clusters `a` and `b`\n\n3 nodes · community · 26.7');
    expect(comment).toContain('<code>shop.orders</code> · on all 3 nodes');
    expect(comment).toContain('No changes on `quiet`.');
  });

  test('shows kinds and actions that it has never heard of', () => {
    const repair = (partition: string): Step =>
      step('repair' as ChangeAction, '', {
        object: { kind: 'partition', path: ['shop', 'orders', partition] },
        statements: [`ALTER TABLE shop.orders FETCH PARTITION '${partition}' FROM '/x'`],
        verdict: 'rebuild',
        impact: { rows: 10, bytes: 644_245_094, parts: 1 },
      });
    const { comment } = render([step('create', 'x'), repair('202601'), repair('202602')]);
    expect(comment).toContain('**1 to create · 2 partitions to repair (1.2 GiB) on 1 node**');
    expect(comment).toContain('#### Repair partition `shop.orders.202601`');
    expect(comment).toContain('✗ **rebuilding**, needs permission: nobody has allowed it');
  });

  test('says first what blocks, and keeps what is destructive open', () => {
    const away = node('c-2', [], { unreadable: 'connection refused' });
    const plan = planOf(cluster('c', node('c-1', [step('create', 'x'), drop('old')]), away));
    const { comment } = renderComment(inputOf(plan));
    const order = [
      '**1 to create',
      '> [!CAUTION]',
      'nobody knows what `c-2`',
      '### 1 destructive',
      '#### Drop',
      '<details>',
    ];
    const places = order.map((text) => comment.indexOf(text));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const reason = '@ada set plumbline:allow-destructive';
    const allowed = planOf(cluster('c', node('c', [drop('old')])));
    const approvals = [{ verdict: 'destructive', allowed: true, reason } as const];
    expect(renderComment(inputOf(allowed, { approvals })).comment).toContain('> [!WARNING]');
    // One no is a no, whoever else says yes.
    const divided = [...approvals, { verdict: 'destructive', allowed: false, reason: 'x' } as const];
    expect(renderComment(inputOf(allowed, { approvals: divided })).comment).toContain('> [!CAUTION]');
  });

  test('links to the line at the planned commit, inside the estate', () => {
    const context = { ...CONTEXT, serverUrl: 'https://ghe.example/', estate: './estates/prod' };
    const place = { file: "schemas/our (shop)'s.yaml", line: 12, column: 3 };
    expect(placeUrl(context, place)).toBe(
      `https://ghe.example/example/warehouse/blob/${CONTEXT.commit}/estates/prod/schemas/our%20%28shop%29%27s.yaml#L12`,
    );
    expect(placeUrl(context, { ...place, file: '../../../x/\ud800#?.yaml' })).toMatch(
      /\/x\/%EF%BF%BD%23%3F\.yaml#L12$/,
    );
  });

  test('keeps the plans of earlier pushes, as many as there is room for', () => {
    const previous = Array.from({ length: 200 }, (_, at) => ({
      commit: String(at).padStart(40, '0'),
      summary: `**${at} to create** ${'x'.repeat(1000)}`,
    }));
    const rendered = renderComment(
      inputOf(planOf(cluster('c', node('c', [step('create', 'x')]))), { previous }),
    );
    checkForm(rendered);
    expect(rendered.comment).toMatch(/200 previous plans \(\d+ older left out\)/);
    expect(rendered.comment).toContain('**0 to create**');
    const quiet = renderComment(
      inputOf(planOf(cluster('c', node('c', []))), { previous: previous.slice(0, 2) }),
    );
    expect(quiet.comment).toContain('<details><summary>2 previous plans</summary>');
  });

  test('has findings, errors first, and says how many it leaves out', () => {
    const findings = Array.from({ length: 3000 }, (_, at) => ({
      ...{
        severity: at % 2 === 0 ? ('warning' as const) : ('error' as const),
        rule: 'x',
        message: `finding ${at} ${'y'.repeat(at)}`,
      },
    }));
    const rendered = renderComment(inputOf(planOf(cluster('c', node('c', [drop('old')], { findings })))));
    checkForm(rendered);
    expect(rendered.cut).toBe(true);
    expect(rendered.comment).toContain('finding 1 ');
    expect(rendered.comment).toMatch(/… and 2,\d+ more findings, 1,\d+ of them errors/);
    expect(rendered.comment).toContain('#### Drop table `shop.old`');
    checkForm(renderMistakes(findings, CONTEXT));
  });
});

const HUGE = 10_000;
const number = (at: number): string => String(at).padStart(5, '0');
const some = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** What shells make of braces. */
function expand(text: string): string[] {
  const open = text.indexOf('{');
  if (open < 0) return [text];
  let depth = 0;
  let close = open;
  const commas: number[] = [open];
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) {
      close = at;
      break;
    }
    if (text[at] === ',' && depth === 1) commas.push(at);
  }
  const range = /^(\d+)\.\.(\d+)$/.exec(text.slice(open + 1, close));
  const inner = range
    ? some(Number(range[2]) - Number(range[1]) + 1, (at) =>
        String(Number(range[1]) + at).padStart(range[1]?.length ?? 0, '0'),
      )
    : commas.map((comma, at) => text.slice(comma + 1, commas[at + 1] ?? close));
  return inner.flatMap((part) => expand(text.slice(0, open) + part + text.slice(close + 1)));
}

/** Every name in the fences of a comment, with braces opened. */
function shownNames(comment: string): Set<string> {
  const fences = [...comment.matchAll(/^```text\n([\s\S]*?)\n```$/gm)].map(([, text = '']) => text);
  return new Set(
    fences.flatMap((text) => text.replace(/,\n/g, ',').replace(/\{\n/g, '{').split(/\s+/).flatMap(expand)),
  );
}

describe('a plan of 10,000 changes', () => {
  test('is cut at objects; every destructive one is open or on a line', () => {
    const steps = some(HUGE, (at) =>
      at % 50 === 0 ? drop(`old_${number(at)}`) : step('create', `new_${number(at)}`),
    );
    const rendered = render(steps);
    checkForm(rendered);
    expect(rendered).toMatchObject({ cut: true, unnamed: 0 });
    for (let at = 0; at < HUGE; at += 50) {
      expect(rendered.comment).toMatch(
        new RegExp(`^(?:#### Drop|- \\*\\*Drop\\*\\*) table \`shop.old_${number(at)}\``, 'm'),
      );
    }
    expect(rendered.comment).toMatch(
      /left out: \d,\d+ to create\).*\[step summary and the artifact of the run\]\(https/,
    );
    expect(rendered.comment).toMatch(/Left out here: \d,\d+ to create: `shop\.\{new_/);
  });

  test('shows 3,000 destructive ones by their names', () => {
    const rendered = render(
      some(HUGE, (at) => (at < 3000 ? drop(`old_${at}`) : step('create', `new_${at}`))),
    );
    checkForm(rendered);
    expect(rendered.unnamed).toBe(0);
    const shown = shownNames(rendered.comment);
    expect(some(3000, (at) => `shop.old_${at}`).filter((name) => !shown.has(name))).toEqual([]);
  });

  test('shows 10,000 destructive ones in braces, and loses none', () => {
    const names = some(HUGE, (at) =>
      at % 10 === 0 ? `t${number(at * 7)}_of_tenant` : `events_of_tenant_${number(at)}`,
    );
    const rendered = render(names.map((name) => drop(name)));
    checkForm(rendered);
    expect(rendered).toMatchObject({ cut: true, unnamed: 0 });
    const shown = shownNames(rendered.comment);
    expect(names.filter((name) => !shown.has(`shop.${name}`))).toEqual([]);
  });

  test('says loudly when even names do not fit, and names all in the summary', () => {
    const names = some(HUGE, (at) =>
      `x_${(at * 2_654_435_761).toString(36)}_y`.replace(/\d/g, (digit) => `${digit}q`),
    );
    const rendered = render(names.map((name) => drop(name)));
    checkForm(rendered);
    expect(rendered.unnamed).toBeGreaterThan(0);
    const lost = rendered.unnamed.toLocaleString('en');
    expect(rendered.comment).toContain(
      `> [!CAUTION]\n> **${lost} destructive or rebuilding objects can't even be named here.**`,
    );
    expect(rendered.comment).toContain(`… and ${lost} more`);
    const shown = shownNames(rendered.summary);
    expect(names.filter((name) => !shown.has(`shop.${name}`))).toEqual([]);
  });

  test('is the same text every time', () => {
    const steps = some(1000, (at) => (at % 9 === 0 ? drop(`old_${at}`) : step('create', `new_${at}`)));
    expect(render(steps)).toEqual(render(structuredClone(steps)));
  });

  test('keeps a definition that is larger than a comment out of it, and what follows in it', () => {
    const huge = step('create', 'huge', {
      statements: [`CREATE TABLE huge (${some(5000, (at) => `c${at} String`).join(', ')})`],
    });
    const large = drop('large', { statements: huge.statements });
    const rendered = render([huge, step('create', 'small'), large, drop('little')]);
    checkForm(rendered);
    expect(rendered.comment).toContain('<code>shop.small</code>');
    expect(rendered.comment).not.toContain('<code>shop.huge</code>');
    expect(rendered.comment).toContain('#### Drop table `shop.little`');
    expect(rendered.comment).toContain('- **Drop** table `shop.large` · destructive');
    expect(rendered.summary).toContain('c4999 String');
  });
});

test('names in braces stand for exactly the names they are made of', () => {
  const part = fc.constantFrom('a', 'b_', 'x-', '1', '07', '08', '09', '10', '099', '100', '`q,{}`');
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const path = fc.tuple(
    fc.constantFrom('d1', 'd2'),
    name.filter((one) => !one.includes('`')),
  );
  fc.assert(
    fc.property(fc.uniqueArray(path, { selector: (one) => one.join('.'), maxLength: 40 }), (paths) => {
      const tokens = foldNames(paths);
      const text = tokens
        .map((token) => token.text)
        .join('')
        .trim();
      const names = text === '' ? [] : text.split(' ').flatMap(expand);
      expect(names.sort()).toEqual(paths.map((one) => one.join('.')).sort());
      expect(namesIn(tokens)).toBe(paths.length);
    }),
  );
});

describe('topology', () => {
  const one = (name: string, shard: number, host = `${name}.internal`) => ({
    name,
    shard,
    replica: 1,
    host,
    httpPort: 8123,
  });
  const estate = (version: string, ...nodes: ReturnType<typeof one>[]) => ({
    clusters: [{ name: 'c', edition: 'community', version, nodes }],
  });

  test('is drawn when it changes, with marks', () => {
    const before = estate('26.6', one('c-1', 1), one('c-2', 2));
    const after = estate('26.7', one('c-1', 1, 'moved'), one('c-3', 2));
    expect(topologyDiagram(before, before)).toBeUndefined();
    expect(topologyDiagram(before, after)?.join('\n')).toMatchInlineSnapshot(`
      "flowchart LR
        subgraph c0["#126; c<br/>community #183; 26.6 #8594; 26.7"]
          subgraph c0s1["shard 1"]
            n0["#126; c-1<br/>c-1.internal#58;8123 #8594; moved#58;8123"]
          end
          subgraph c0s2["shard 2"]
            n1["#43; c-3<br/>c-3.internal#58;8123"]
            n2["#8722; c-2<br/>c-2.internal#58;8123"]
          end
        end
        classDef added stroke:#1a7f37,stroke-width:3px
        class n1 added
        classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:6
        class n2 removed
        classDef changed stroke:#9a6700,stroke-width:3px
        class c0,n0 changed"
    `);
  });

  test('of hundreds of nodes shows those that change', () => {
    const nodes = some(400, (at) => one(`c-${at}`, (at % 2) + 1));
    const diagram = topologyDiagram(estate('26.7', ...nodes), estate('26.7', ...nodes.slice(1))) ?? [];
    expect(diagram.length).toBeLessThan(20);
    expect(diagram.join('\n')).toContain('nodes as they are');
    const plan = planOf(cluster('c', node('c-0', [])));
    const topology = { before: estate('26.7'), after: estate('26.7', ...nodes) };
    const { comment } = renderComment(inputOf(plan, { topology }));
    expect(comment).toContain('### Topology: 400 nodes added');
    expect(comment).not.toContain('mermaid');
  });
});
