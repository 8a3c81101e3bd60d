/** `plumbline github histories`: loads what the feeds bring, then proves all histories; the summary says both. */
import { loadEstate } from './estate-options.ts';
import { type GitHubOptions, openGitHubRun, writeSummary } from './github-run.ts';
import type { Output } from './output.ts';
import { scdCheck, scdLoad } from './scd.ts';

/** An estate without tenants or feeds is only checked, one without tables with history not even that. */
export async function githubHistories(options: GitHubOptions, output: Output): Promise<number> {
  openGitHubRun(output);
  const { scd = [], feeds = [], tenants = [] } = await loadEstate(options.estate);
  if (scd.length === 0) {
    output.note('No ScdTable is declared: nothing to load or to check.');
    return 0;
  }
  const said: string[] = [];
  const heard: Output = {
    ...output,
    result(text) {
      said.push(text);
      output.result(text);
    },
    note(text) {
      said.push(`${text}\n`);
      output.note(text);
    },
    colour: false,
    live: false,
  };
  const asked = { estate: options.estate, connectTimeout: options.connectTimeout, format: 'text' as const };
  const codes: number[] = [];
  if (feeds.length > 0 && tenants.length > 0) codes.push(await scdLoad({ ...asked, lockSeconds: 60 }, heard));
  codes.push(await scdCheck(asked, heard));
  const text = said.join('').trimEnd().split('\n');
  await writeSummary(`## Histories\n\n${text.map((line) => `    ${line}`).join('\n')}`);
  return codes.includes(1) ? 1 : Math.max(...codes);
}
