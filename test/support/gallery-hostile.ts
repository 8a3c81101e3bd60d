/** Plans and reviews in which every text that comes from outside is taken from a list, hostile or benign. */
import type { Finding } from '../../src/model/finding.ts';
import type { ObjectId } from '../../src/model/object.ts';
import type { NodePlan, Plan } from '../../src/model/plan.ts';
import type { Change, Step } from '../../src/model/step.ts';
import type { CommentInput } from '../../src/render/comment.ts';
import { literal, qualified } from '../../src/sql/quote.ts';

/** Gives the next text, a different one each time. */
export type Texts = () => string;

function stepsOf(next: Texts): Step[] {
  const [database, table, column, view] = [next(), next(), next(), next()];
  const object: ObjectId = { kind: 'table', path: [database, table] };
  const place = () => ({ file: `schemas/${next()}.yaml`, line: 12, column: 3 });
  const base = {
    hazards: [],
    refusals: [],
    fingerprint: 'absent',
    verdict: 'metadata',
    changes: [],
  } as const;
  const part = (action: Change['action'], name: string): Change => ({
    ...{ action, object: { kind: 'column', path: [database, table, name] } },
    attributes: [
      { name: 'type', from: 'UInt8', to: 'UInt16' },
      { name: 'comment', from: next(), to: next() },
    ],
  });
  const sql = `CREATE TABLE ${qualified([database, table])} (${qualified([column])} UInt8 COMMENT ${literal(next())})`;
  return [
    { ...base, action: 'create', object, statements: [sql], place: place() },
    {
      ...{ ...base, action: 'alter', object, verdict: 'mutation', place: place() },
      statements: [`ALTER TABLE ${qualified([database, table])} MODIFY COMMENT ${literal(next())}`, next()],
      hazards: [{ kind: 'rewrites data', reason: next() }],
      changes: [part('alter', column), part('create', next()), part('drop', next())],
      impact: { rows: 10, bytes: 1000, parts: 1 },
    },
    {
      ...{
        ...base,
        action: 'drop',
        object: { kind: 'view', path: [database, view] },
        verdict: 'destructive',
      },
      statements: [`DROP VIEW ${qualified([database, view])}`],
      hazards: [{ kind: 'loses data', reason: next() }],
    },
    {
      ...{ ...base, action: 'alter', object: { kind: 'table', path: [next(), next()] }, verdict: 'manual' },
      statements: [],
      refusals: [next()],
      changes: [
        {
          action: 'alter',
          object,
          attributes: [{ name: 'query', from: `SELECT 1 -- ${next()}`, to: `SELECT ${next()}` }],
        },
      ],
      place: place(),
    },
  ];
}

const finding = (severity: Finding['severity'], next: Texts): Finding => ({
  ...{ severity, rule: next(), message: next() },
  place: { file: `schemas/${next().replaceAll('/', '')}.yaml`, line: 3, column: 1 },
});

/** A review whose plan has four steps for each group. */
export function hostileInput(next: Texts, groups: number): CommentInput {
  const steps = Array.from({ length: groups }, () => stepsOf(next)).flat();
  const node = (more: Partial<NodePlan>): NodePlan => ({
    ...{ node: next(), address: next(), version: next(), steps: [], unmanaged: [], findings: [] },
    ...more,
  });
  const plan: Plan = {
    format: 1,
    digest: '0123456789abcdef0123456789abcdef',
    clusters: [
      {
        ...{ cluster: next(), edition: 'community' },
        nodes: [
          node({ steps, findings: [finding('error', next), finding('warning', next)] }),
          node({ unmanaged: [{ kind: 'table', path: [next(), next()] }] }),
        ],
      },
      { cluster: next(), edition: 'cloud', nodes: [node({ unreadable: next() })] },
    ],
  };
  return {
    plan,
    context: {
      ...{ serverUrl: 'https://github.com', repository: 'example/warehouse', estate: `estates/${next()}` },
      commit: '4f2a9c1e07b35d8866f0a1b2c3d4e5f607182930',
    },
    approvals: [{ verdict: 'destructive', allowed: false, reason: next() }],
    rehearsal: { outcome: 'failed', text: next() },
    previous: [],
    topology: {
      after: {
        clusters: [
          {
            ...{ name: next(), edition: 'community', version: next() },
            nodes: [{ name: next(), shard: 1, replica: 1, host: next(), httpPort: 8123 }],
          },
        ],
      },
    },
  };
}
