/** Every shape of the pull request comment, made from real plans, written to docs/comments/ to be reviewed like code. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planWithLint } from '../src/lint/in-plan.ts';
import { lintEstate } from '../src/lint/lint.ts';
import { DeclarationError } from '../src/model/errors.ts';
import type { Estate } from '../src/model/estate.ts';
import type { Approval } from '../src/model/review.ts';
import { type CommentInput, renderComment } from '../src/render/comment.ts';
import { renderMistakes } from '../src/render/comment-mistakes.ts';
import { CONTEXT, type Gallery, startGallery } from './support/gallery.ts';
import { CLUSTERS, clusterYaml, SCHEMAS, type Schemas } from './support/gallery-declarations.ts';

let gallery: Gallery;
let base: Estate;
const shapes: [file: string, title: string][] = [];

/** A shape's file; what GitHub would get. */
async function shape(file: string, title: string, text: string): Promise<void> {
  shapes.push([file, title]);
  await expect(text).toMatchFileSnapshot(`../docs/comments/${file}.md`);
}

async function inputOf(schemas: Schemas, clusters?: Schemas): Promise<CommentInput> {
  const plan = await gallery.plan(await gallery.declare(schemas, clusters));
  return { plan, context: CONTEXT, approvals: [], previous: [] };
}

const missing = (verdict: Approval['verdict']): Approval => ({
  verdict,
  allowed: false,
  reason: `somebody with write access who isn't @ada, the author, must set the label plumbline:allow-${verdict}`,
});

const REHEARSED = {
  outcome: 'clean',
  text: 'all steps ran on an embedded server that had the live definitions, and the next plan was empty (3.1 s)',
} as const;

beforeAll(async () => {
  gallery = await startGallery();
}, 120_000);
afterAll(() => gallery?.stop());

test('creates on several nodes', async () => {
  const input = await inputOf(SCHEMAS.base);
  await shape('creates', 'Everything is new', renderComment({ ...input, rehearsal: REHEARSED }).comment);
  base = await gallery.declare(SCHEMAS.base);
  await gallery.apply(base);
  for (const [at, sql] of gallery.sql.entries()) {
    const rows = 120_000 - at * 20_000;
    await sql.run(`INSERT INTO shop.orders SELECT number, number % 999, toDateTime('2026-01-01') + number * 30, 'paid',
      number % 7, number / 8, 'as ordered' FROM numbers(${rows})`);
    if (at < 2) {
      await sql.run(`INSERT INTO shop.sessions SELECT toUUID('00000000-0000-4000-8000-000000000000'), number,
        toDateTime('2026-01-01') FROM numbers(${rows / 2})`);
    }
  }
});

test('no changes', async () => {
  await shape('no-changes', 'Nothing to do', renderComment(await inputOf(SCHEMAS.base)).comment);
});

test('a query and a column', async () => {
  const input = await inputOf(SCHEMAS.query);
  await shape(
    'query',
    'A query and a column change',
    renderComment({ ...input, rehearsal: REHEARSED }).comment,
  );
});

test('a mutation', async () => {
  await shape('mutation', 'Rows are rewritten', renderComment(await inputOf(SCHEMAS.mutation)).comment);
});

test('a rebuild', async () => {
  const input = await inputOf(SCHEMAS.rebuild);
  const approvals = [missing('rebuild')];
  await shape('rebuild', 'An object is created anew', renderComment({ ...input, approvals }).comment);
});

test('destructive steps, waiting and allowed, with the plans of earlier pushes', async () => {
  const input = await inputOf(SCHEMAS.destructive);
  const waiting = renderComment({ ...input, approvals: [missing('destructive')] });
  await shape('destructive', 'Data would be lost, and nobody has allowed it', waiting.comment);
  const reason = '@grace set the label plumbline:allow-destructive';
  const allowed = { ...input, approvals: [{ verdict: 'destructive', allowed: true, reason } as const] };
  await shape(
    'destructive-allowed',
    'Data will be lost, and that is allowed',
    renderComment(allowed).comment,
  );
  const previous = [
    { commit: 'b81d7f00c2e94b6f9c1d2e3f405162738495a6b7', summary: '**2 to drop on 2 nodes**' },
    { commit: '09c3e5d7f1a2b3c4d5e6f708192a3b4c5d6e7f80', summary: '**No changes · 1 error**' },
  ];
  await shape('pushes', 'After several pushes', renderComment({ ...allowed, previous }).comment);
});

test('a rebuild that copies rows', async () => {
  const input = await inputOf(SCHEMAS.key);
  const approvals = [missing('rebuild')];
  await shape('copies', 'Rows are copied into a new table', renderComment({ ...input, approvals }).comment);
});

test('refused by hand', async () => {
  await shape('by-hand', 'Only people can do it', renderComment(await inputOf(SCHEMAS.manual)).comment);
});

test('findings', async () => {
  const clusters = {
    ...CLUSTERS,
    'archive.yaml': clusterYaml('archive', '25.8', ['clickhouse.archive.internal']),
  };
  await shape(
    'findings',
    'Errors and warnings',
    renderComment(await inputOf(SCHEMAS.refused, clusters)).comment,
  );
});

test('lint', async () => {
  const estate = await gallery.declare(SCHEMAS.lint);
  const plan = planWithLint(await gallery.plan(estate), lintEstate(estate));
  const input = { plan, context: CONTEXT, approvals: [], previous: [] };
  await shape('lint', 'What ClickHouse takes, and nobody should write', renderComment(input).comment);
});

test('mistakes in the declarations', async () => {
  const error = await gallery.declare(SCHEMAS.mistakes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeclarationError);
  const { findings } = error as DeclarationError;
  await shape('mistakes', "Declarations that can't be read", renderMistakes(findings, CONTEXT).comment);
});

test('a topology that changes, with a node that does not answer', async () => {
  const clusters = {
    'analytics.yaml': clusterYaml('analytics', '26.7', [
      'clickhouse-1.analytics.internal',
      'clickhouse-2.analytics.internal',
      'clickhouse-3.analytics.internal',
    ]),
    'archive.yaml': CLUSTERS['archive.yaml'],
  };
  const after = await gallery.declare(SCHEMAS.base, clusters);
  const plan = await gallery.plan(after);
  const input: CommentInput = { plan, context: CONTEXT, approvals: [], previous: [] };
  await shape('unreadable', 'A node does not answer', renderComment(input).comment);
  const seen = { ...input, topology: { before: base, after } };
  await shape('topology', 'The clusters change', renderComment(seen).comment);
});

test('clusters and nodes that differ', async () => {
  const [first, , archive] = gallery.sql;
  await first?.run('ALTER TABLE shop.orders ADD COLUMN by_hand UInt8');
  await first?.run('CREATE TABLE default.scratch (x UInt8) ENGINE = Memory');
  await archive?.run('DROP VIEW shop.customers');
  await shape(
    'mixed',
    'Nodes and clusters need different things',
    renderComment(await inputOf(SCHEMAS.mixed)).comment,
  );
  await first?.run('ALTER TABLE shop.orders DROP COLUMN by_hand');
  await first?.run('DROP TABLE default.scratch');
  await gallery.apply(await gallery.declare(SCHEMAS.base));
});

test('hostile names', async () => {
  await shape(
    'hostile',
    'Names that try to break out',
    renderComment(await inputOf(SCHEMAS.hostile)).comment,
  );
});

test('too much for a comment', async () => {
  const rendered = renderComment(await inputOf(SCHEMAS.many));
  expect(rendered.cut).toBe(true);
  await shape('cut', 'Too long for a comment', rendered.comment);
});

test('too many drops for a comment', async () => {
  const [, , archive] = gallery.sql;
  for (let at = 1; at <= 420; at++) {
    await archive?.run(`CREATE TABLE shop.export_${String(at).padStart(3, '0')} (x UInt8) ENGINE = Memory`);
  }
  const rendered = renderComment({ ...(await inputOf(SCHEMAS.base)), approvals: [missing('destructive')] });
  expect(rendered).toMatchObject({ cut: true, unnamed: 0 });
  await shape('cut-destructive', 'More drops than there is room for', rendered.comment);
});

test('the list of shapes', async () => {
  const list = shapes.map(([file, title]) => `- [${title}](${file}.md)`).join('\n');
  const text = `# What a plan looks like on a pull request\n\nMade from real plans by \`test/gallery.test.ts\`.\n\n${list}\n`;
  await expect(text).toMatchFileSnapshot('../docs/comments/README.md');
});
