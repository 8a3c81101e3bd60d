/** `plumbline demo`: the life of a change on the example estate, on real servers, told as a person would live it. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { connect } from '../live/server.ts';
import type { Estate } from '../model/estate.ts';
import { diffLines } from '../render/text-diff.ts';
import { apply } from './apply.ts';
import { declareStage, enterNetwork, previewSwitchover } from './demo-federation.ts';
import type { DemoSize } from './demo-sources.ts';
import { choosePasswords, tellOfTenants } from './demo-tenants.ts';
import { drift } from './drift.ts';
import { embed, loadEstate } from './estate-options.ts';
import type { Output } from './output.ts';
import { plan } from './plan.ts';
import { scdCheck } from './scd.ts';

/** The repository's own example estate. */
const EXAMPLE = resolve(import.meta.dirname, '../..');
const EDITED = 'schemas/companies.yaml';

const SAMPLE_ROWS = `
INSERT INTO avesa.companies (tenant_id, company_id, name, domain, industry, status, created_at, updated_at)
SELECT ['acme', 'globex', 'initech'][1 + number % 3], toString(number), 'Company ' || toString(number),
  'company-' || toString(number) || '.example', 'Software', 'Active', now64(3), now64(3)
FROM numbers(3000)`;

/** What somebody does by hand at night: on one server, past every review. */
const BY_HAND = 'ALTER TABLE telemetry.measurements MODIFY TTL timestamp + INTERVAL 30 DAY';

function edit(declaration: string): string {
  return declaration
    .replace(
      '  number_of_employees: Nullable(UInt32)\n',
      '  number_of_employees: Nullable(UInt64)\n  country: { type: LowCardinality(String), default: "\'\'", comment: ISO 3166-1 alpha-2 }\n',
    )
    .replace(
      'ignored: [updated_at]\n',
      'ignored: [updated_at]\nindexes:\n  by_domain: { expression: domain, type: bloom_filter, granularity: 4 }\n',
    );
}

function showEdit(before: string, after: string, colour: boolean): string {
  const colours = pc.createColors(colour);
  const lines = diffLines(before, after).flatMap(({ kind, text }) => {
    if (kind === 'added') return [colours.green(`+ ${text}`)];
    return kind === 'removed' ? [colours.red(`- ${text}`)] : [];
  });
  return `${[`--- ${EDITED}`, ...lines].join('\n')}\n`;
}

async function runOn(estate: Estate, nodes: readonly string[], statement: string): Promise<void> {
  const all = estate.clusters.flatMap((cluster) => cluster.nodes);
  for (const node of all.filter(({ name }) => nodes.includes(name))) {
    const server = connect(node);
    await server.run(statement).finally(server.close);
  }
}

/** The first plan creates everything: one table in full and the heads of the others make the point. */
function brief(text: string): string {
  const lines = text.split('\n');
  const firstTable = lines.findIndex((line) => line.startsWith('  + table'));
  const nextEntry = lines.findIndex((line, at) => at > firstTable && line.startsWith('  + '));
  const kept = lines.filter(
    (line, at) => (at >= firstTable && at < nextEntry) || (line !== '' && !line.startsWith('   ')),
  );
  return `${kept.join('\n')}\n(The demo leaves out the other ${lines.length - kept.length} lines, which are their statements.)\n`;
}

/** The steps of the story; every command in it is the real one, with the exit code it must have. */
async function tell(folder: string, estate: Estate, output: Output, size: DemoSize): Promise<void> {
  const colours = pc.createColors(output.colour);
  const options = { estate: folder, embedded: true as const, connectTimeout: 10, format: 'text' as const };
  const say = (text: string): void => output.result(`\n${colours.bold(text)}\n`);
  const run = async (line: string, expected: number, command: () => Promise<number>): Promise<void> => {
    output.result(`\n${colours.dim('$')} ${colours.cyan(`plumbline ${line} --embedded`)}\n`);
    const code = await command();
    output.result(`${colours.dim(`exit code ${code}`)}\n`);
    if (code !== expected)
      throw new Error(`the demo expected exit code ${expected} of ${line}, found ${code}`);
  };
  const planIt = (expected: number) => run('plan', expected, () => plan(options, output));
  const quiet: Output = { ...output, result: () => {} };
  const applyIt = () =>
    run('apply --yes', 0, async () => {
      const sections: string[] = [];
      const code = await apply(
        undefined,
        { ...options, yes: true, lockSeconds: 60 },
        { ...quiet, result: (text) => void sections.push(text) },
      );
      // The plan was shown a moment ago; the report is what is new.
      output.result(sections.at(-1) ?? '');
      return code;
    });

  say('1. Nothing is there yet. What would be created, per cluster and node?');
  await run('plan', 2, () =>
    plan(options, { ...output, colour: false, result: (text) => output.result(brief(text)) }),
  );
  say('2. Apply it: node by node, each statement on its own.');
  await applyIt();
  say('3. Plan again: nothing is left to do.');
  await planIt(0);

  const chapter = { folder, estate, output, say, run };
  await enterNetwork(chapter, planIt, applyIt);
  const isLoaded = await tellOfTenants(chapter, size);
  if (!isLoaded) await runOn(estate, ['community-1', 'community-2'], SAMPLE_ROWS);
  const file = join(folder, EDITED);
  const before = await readFile(file, 'utf8');
  await writeFile(file, edit(before));
  say('7. Somebody opens a pull request that edits a declaration:');
  output.result(showEdit(before, edit(before), output.colour));
  say('   What a reviewer sees:');
  await planIt(2);
  say('8. It is merged, and applied. Some of it rewrites data, which the plan said.');
  await applyIt();

  say('9. At night somebody changes one server by hand:');
  output.result(`community-2> ${BY_HAND}\n`);
  await runOn(estate, ['community-2'], BY_HAND);
  say('   The schedule finds it, and says where:');
  await run('drift', 2, () => drift(options, output));
  say('10. Apply makes the server as declared again.');
  await applyIt();
  await run('drift', 0, () => drift(options, output));
  if (!isLoaded) return;
  say('11. And every history is still right:');
  await run('scd check', 0, () => scdCheck(options, output));
  await previewSwitchover(chapter);
}

const NEXT = `
Try next, in a copy of this repository:
  npx plumbline up                  keep this estate running; it prints each node's URL
  npx plumbline plan --embedded     then edit schemas/*.yaml and plan again
  npx plumbline apply --embedded
  npx plumbline plan --url NODE=http://host:8123   against your own servers
`;

export async function demo(output: Output, size: DemoSize = { rows: 1000 }): Promise<number> {
  choosePasswords();
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-demo-'));
  try {
    for (const part of ['clusters', 'schemas', 'tenants']) {
      await cp(join(EXAMPLE, part), join(folder, part), { recursive: true, force: true }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        },
      );
    }
    await declareStage(folder, 'compatibility');
    output.result(
      'Starting the example estate: two shards of `community`, the `enterprise` endpoint and its `standby`, real ClickHouse servers.\n' +
        'Such servers can store no users; theirs come from a file that Plumbline delivers, with passwords from their environment.\n',
    );
    const { estate, running } = await embed(await loadEstate(folder), folder, 'up');
    try {
      for (const { name, url } of running.nodes) output.result(`  ${name.padEnd(12)} ${url}\n`);
      await tell(folder, estate, output, size);
    } finally {
      await running.stop();
    }
    output.result(NEXT);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
