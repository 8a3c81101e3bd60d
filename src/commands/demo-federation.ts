/** A chapter of the demo's story goes in; how two clusters come to be read as one is told, and what moving the writes would take. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../model/federation.ts';
import type { Chapter } from './demo-tenants.ts';
import { federation } from './federation.ts';
import { plan } from './plan.ts';

const DECLARATION = 'clusters/federation.yaml';

/** Has the declaration say another stage; gives what it said before. */
export async function declareStage(folder: string, stage: Stage): Promise<string> {
  const file = join(folder, DECLARATION);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^stage: .*$/m, `stage: ${stage}`));
  return /^stage: (.*)$/m.exec(text)?.[1] ?? '';
}

async function editStage({ folder, output }: Chapter, stage: Stage): Promise<void> {
  const before = await declareStage(folder, stage);
  output.result(`--- ${DECLARATION}\n- stage: ${before}\n+ stage: ${stage}\n`);
}

const status = ({ folder, output, run }: Chapter, expected: number): Promise<void> =>
  run('federation status', expected, () =>
    federation({ estate: folder, embedded: true, connectTimeout: 10, format: 'text' }, output),
  );

/** From reading each cluster by itself to reading all of them. */
export async function enterNetwork(
  chapter: Chapter,
  planIt: (expected: number) => Promise<void>,
  applyIt: () => Promise<void>,
): Promise<void> {
  const { say } = chapter;
  say(
    '4. `community` and `enterprise` are to be read as one, while tables move from one to the other. A pull request asks for the next stage:',
  );
  await editStage(chapter, 'network');
  say('   The plan has the file that tells each node of the others, and what must hold before:');
  await planIt(2);
  await applyIt();
}

/** Heads of changes, the checklist and what keeps it; the texts of views are left out. */
function withoutTexts(text: string): string {
  const lines = text.split('\n').filter((line) => !/^ {6}/.test(line));
  const isHead = (line: string | undefined): boolean => /^ {2}\S/.test(line ?? '');
  return lines
    .filter((line, at) => line !== '' || !(isHead(lines[at - 1]) && isHead(lines[at + 1])))
    .filter((line, at, all) => line !== '' || all[at - 1] !== '')
    .join('\n');
}

/** The rows of the tenants are there by now, so that writes can't just move. */
export async function previewSwitchover(chapter: Chapter): Promise<void> {
  const { folder, output, say, run } = chapter;
  say('12. How far the federation is:');
  await status(chapter, 0);
  say(
    '   Are writes to move, too? Views would take the newest version of a key from whatever member has it; and something is in the way:',
  );
  await editStage(chapter, 'switchover');
  await run('plan', 1, () =>
    plan(
      { estate: folder, embedded: true, connectTimeout: 10, format: 'text' },
      { ...output, colour: false, result: (text) => output.result(withoutTexts(text)) },
    ),
  );
  say('   So it stays `network` for now: a stage is a line in a file, and nothing was touched.');
  await declareStage(folder, 'network');
}
