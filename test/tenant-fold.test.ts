/** Plans with many tenants are rendered; what is the same for all must be told once, and nothing else may hide behind it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../src/model/plan.ts';
import type { Step } from '../src/model/step.ts';
import { renderComment } from '../src/render/comment.ts';
import { renderDrift } from '../src/render/drift.ts';
import { foldNodes } from '../src/render/fold-nodes.ts';
import { foldTenants } from '../src/render/fold-tenants.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { renderText } from '../src/render/text.ts';
import { identifier, literal } from '../src/sql/quote.ts';
import { size } from './support/size.ts';

interface Who {
  readonly name: string;
  readonly id: string;
}

const who = (name: string, id = name): Who => ({ name, id });

function policy({ name, id }: Who, table: string, more: Partial<Step> = {}): Step {
  const role = `tenant_${name}`;
  const object = { kind: 'row policy', path: [`${role} ON avesa.${table}`] };
  return {
    action: 'create',
    object,
    statements: [
      `CREATE ROW POLICY ${identifier(role)} ON avesa.${table} USING tenant_id = ${literal(id)} TO ${identifier(role)}`,
    ],
    verdict: 'metadata',
    hazards: [],
    refusals: [],
    changes: [{ action: 'create', object, attributes: [] }],
    place: { file: `tenants/${name}.yaml`, line: 2, column: 7 },
    tenant: { name, id },
    fingerprint: 'absent',
    ...more,
  };
}

function planOf(steps: readonly Step[], nodes = 1): Plan {
  const names = Array.from({ length: nodes }, (_, at) => `main-${at + 1}`);
  const plans = names.map((node) => ({ node, address: `${node}:8123`, steps, unmanaged: [], findings: [] }));
  return {
    format: 1,
    digest: '0'.repeat(32),
    clusters: [{ cluster: 'main', edition: 'community', nodes: plans }],
  };
}

const CONTEXT = {
  serverUrl: 'https://github.com',
  repository: 'acme/estate',
  commit: 'a'.repeat(40),
  estate: '.',
};

const foldsOf = (plan: Plan) => {
  const [cluster] = plan.clusters;
  if (!cluster) throw new Error('no cluster');
  return foldTenants(foldNodes(cluster)).map(({ alike, step }) =>
    alike ? [alike.tenants.join(), alike.shown.length] : [step.tenant?.name, 1],
  );
};

const comment = (plan: Plan) => renderComment({ plan, context: CONTEXT, approvals: [], previous: [] });

describe('changes of several tenants', () => {
  const tables = ['companies', 'contacts'];

  test('that are the same are one entry, which shows those of the first', () => {
    const tenants = ['acme', 'globex', 'initech', 'umbrella', 'wayne'];
    const plan = planOf(
      tenants.flatMap((name) => tables.map((table) => policy(who(name), table))),
      2,
    );
    expect(foldsOf(plan)).toEqual([['acme,globex,initech,umbrella,wayne', 2]]);
    expect(renderText(plan, { colour: false })).toMatchInlineSnapshot(`
      "main  2 nodes · community

        The same 2 changes × 5 tenants  acme, globex, initech and 2 more  on all 2 nodes
          Shown for acme; the others differ in the tenant alone:
            + row policy \`tenant_acme ON avesa.companies\`  on all 2 nodes  tenants/acme.yaml:2
                CREATE ROW POLICY \`tenant_acme\` ON avesa.companies USING tenant_id = 'acme' TO \`tenant_acme\`;
            + row policy \`tenant_acme ON avesa.contacts\`  on all 2 nodes  tenants/acme.yaml:2
                CREATE ROW POLICY \`tenant_acme\` ON avesa.contacts USING tenant_id = 'acme' TO \`tenant_acme\`;

      10 to create on 2 nodes
      "
    `);
    expect(renderMarkdown(plan)).toMatchInlineSnapshot(`
      "## Plumbline plan

      **10 to create on 2 nodes**

      ### Cluster \`main\`

      2 nodes · community

      <details><summary>The same 2 changes × 5 tenants: <code>acme</code>, <code>globex</code>, <code>initech</code> and 2 more · on all 2 nodes</summary>

      Shown for \`acme\`; the others differ in the tenant alone:

      - **Create** row policy \`\` \`tenant_acme ON avesa.companies\` \`\` · \`tenants/acme.yaml:2\`
      - **Create** row policy \`\` \`tenant_acme ON avesa.contacts\` \`\` · \`tenants/acme.yaml:2\`

      \`\`\`sql
      CREATE ROW POLICY \`tenant_acme\` ON avesa.companies USING tenant_id = 'acme' TO \`tenant_acme\`;
      CREATE ROW POLICY \`tenant_acme\` ON avesa.contacts USING tenant_id = 'acme' TO \`tenant_acme\`;
      \`\`\`

      </details>
      "
    `);
    expect(renderDrift(plan, { colour: false })).toMatchInlineSnapshot(`
      "main  2 nodes · community

        The same 2 changes × 5 tenants  acme, globex, initech and 2 more  on all 2 nodes
          Shown for acme; the others differ in the tenant alone:
            row policy \`tenant_acme ON avesa.companies\`  missing  on all 2 nodes  tenants/acme.yaml:2
            row policy \`tenant_acme ON avesa.contacts\`  missing  on all 2 nodes  tenants/acme.yaml:2

      Drift: 10 missing on 2 nodes
      "
    `);
  });

  test.each<[string, readonly Step[], unknown]>([
    [
      'what one of them has more stands alone',
      [policy(who('acme'), 'companies'), policy(who('globex'), 'companies'), policy(who('globex'), 'extra')],
      [
        ['acme,globex', 1],
        ['globex', 1],
      ],
    ],
    [
      'another value is another change',
      [
        policy(who('acme'), 'companies'),
        policy(who('globex'), 'companies', { statements: ["CREATE ROW POLICY x USING tenant_id = 'acme'"] }),
      ],
      [
        ['acme', 1],
        ['globex', 1],
      ],
    ],
    [
      'ids that are no names are told apart from them',
      [policy(who('acme', '17'), 'companies'), policy(who('globex', '42'), 'companies')],
      [['acme,globex', 1]],
    ],
    [
      'a name inside another word is no name',
      [policy(who('a'), 'companies'), policy(who('b'), 'companies'), policy(who('c'), 'cars')],
      [
        ['a,b', 1],
        ['c', 1],
      ],
    ],
    [
      'what is destructive is never folded',
      ['acme', 'globex'].map((name) =>
        policy(who(name), 'companies', { action: 'drop', verdict: 'destructive' }),
      ),
      [
        ['acme', 1],
        ['globex', 1],
      ],
    ],
  ])('%s', (_what, steps, expected) => {
    expect(foldsOf(planOf(steps))).toEqual(expected);
  });

  test('names that are SQL, regular expressions or markup fold or stand alone, and lose nothing', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
      fc.constantFrom('a.*', "x' OR 1=1 --", '</details>', '$&', '\\', '`', 'tenant', 'ROW', '*'),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), (names) => {
        const plan = planOf(names.flatMap((one) => tables.map((table) => policy(who(one), table))));
        const [cluster] = plan.clusters;
        const folded = cluster ? foldTenants(foldNodes(cluster)) : [];
        const all = folded.flatMap((entry) => entry.alike?.all ?? [entry]);
        expect(new Set(all.map(({ step }) => step.statements[0])).size).toBe(names.length * tables.length);
        for (const { alike } of folded) expect(new Set(alike?.tenants).size).toBe(alike?.tenants.length ?? 0);
        const text = renderMarkdown(plan);
        expect(text.match(/<details>/g)?.length).toBe(text.match(/^<\/details>$/gm)?.length);
      }),
      { numRuns: size(20, 1000), seed: 61_001 },
    );
  });

  test('300 tenants with 10 tables take less than 10,000 characters of a comment', () => {
    const names = Array.from({ length: 300 }, (_, at) => `customer-${at + 1}`);
    const steps = names.flatMap((name) =>
      Array.from({ length: 10 }, (_, table) => policy(who(name), `table_${table}`)),
    );
    const { comment: text, cut } = comment(planOf(steps, 3));
    expect(cut).toBe(false);
    expect(text).toContain('The same 10 changes × 300 tenants: <code>customer-1</code>');
    expect(text).toContain('3,000 to create');
    expect(text.length).toBeLessThan(10_000);
  });
});
