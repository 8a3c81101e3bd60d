/** How long the comment of a 10,000-change plan takes to render: its text, and the step summary with it. */
import type { Plan } from '../src/model/plan.ts';
import type { Step } from '../src/model/step.ts';
import { renderComment } from '../src/render/comment.ts';

const CHANGES = 10_000;
const ROUNDS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const columns = Array.from(
  { length: 15 },
  (_, at) => `\`c${at}\` LowCardinality(String) DEFAULT 'x' CODEC(ZSTD(1))`,
);
const query = (word: string): string =>
  `SELECT ${columns.map((_, at) => `sum(c${at}) AS s${at}`).join(', ')}, ${word} AS last FROM shop.orders WHERE c1 > 0 GROUP BY c2`;

function step(at: number, destructive: number): Step {
  const object = { kind: 'table', path: ['shop', `events_of_tenant_${at}`] };
  const place = { file: `schemas/tenant-${at % 100}.yaml`, line: at, column: 1 };
  const base = { object, place, hazards: [], refusals: [], changes: [], fingerprint: 'absent' };
  const name = `\`shop\`.\`events_of_tenant_${at}\``;
  if (at % 100 < destructive) {
    return {
      ...{ ...base, action: 'drop', verdict: 'destructive', statements: [`DROP TABLE ${name}`] },
      hazards: [{ kind: 'loses data', reason: 'all rows of the table' }],
      impact: { rows: at * 1000, bytes: at * 100_000, parts: 12 },
    };
  }
  if (at % 3 === 0) {
    const attributes = [{ name: 'query', from: query('1'), to: query('2') }];
    return {
      ...{
        ...base,
        action: 'alter',
        verdict: 'metadata',
        changes: [{ action: 'alter', object, attributes }],
      },
      statements: [`ALTER TABLE ${name} MODIFY QUERY ${query('2')}`],
    };
  }
  return {
    ...{ ...base, action: 'create', verdict: 'metadata' },
    statements: [
      `CREATE TABLE ${name} (${columns.join(', ')}) ENGINE = MergeTree ORDER BY (c0, c1) SETTINGS index_granularity = 8192`,
    ],
  };
}

function planOf(destructive: number): Plan {
  const steps = Array.from({ length: CHANGES }, (_, at) => step(at, destructive));
  const nodes = ['shop-1', 'shop-2'].map((node) => ({
    ...{
      node,
      address: `${node}:8123`,
      version: '26.7',
      steps: steps.slice(0, CHANGES / 2),
      unmanaged: [],
      findings: [],
    },
  }));
  const other = {
    node: 'archive',
    address: 'archive:8123',
    version: '26.7',
    steps: steps.slice(CHANGES / 2),
    unmanaged: [],
    findings: [],
  };
  return {
    ...{ format: 1, digest: '0123456789abcdef' },
    clusters: [
      { cluster: 'shop', edition: 'community', nodes },
      { cluster: 'archive', edition: 'community', nodes: [other] },
    ],
  };
}

const context = {
  ...{ serverUrl: 'https://github.com', repository: 'example/warehouse', estate: '.' },
  ...{
    commit: '4f2a9c1e07b35d8866f0a1b2c3d4e5f607182930',
    runUrl: 'https://github.com/example/warehouse/actions/runs/1',
  },
};

for (const destructive of [1, 20, 100]) {
  const plan = planOf(destructive);
  const times: number[] = [];
  const processor: number[] = [];
  let rendered = renderComment({ plan, context, approvals: [], previous: [] });
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const used = process.cpuUsage();
    rendered = renderComment({ plan, context, approvals: [], previous: [] });
    times.push(performance.now() - began);
    processor.push(process.cpuUsage(used).user / 1000);
  }
  const [time, cpu] = [times, processor].map((all) =>
    (all.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0).toFixed(0),
  );
  const { comment, summary, unnamed } = rendered;
  say(
    `${CHANGES} changes, ${destructive} % destructive: ${time} ms (processor ${cpu} ms); comment ${comment.length} characters, ` +
      `summary ${Buffer.byteLength(summary)} bytes, ${unnamed} unnamed`,
  );
}
