/** Options go in; the declared estate comes out as a plan needs it: with the tables that its pairs create on their passive sites. */
import { withCreated } from '../dr/auto-create.ts';
import { visible } from '../render/visible.ts';
import { type EstateOptions, type OpenEstate, openDeclaredEstate } from './estate-options.ts';
import { type Output, showFindings } from './output.ts';

/** What the pairs can't create is noted. Whoever opens it closes it. */
export async function openToPlan(options: EstateOptions, output: Output): Promise<OpenEstate> {
  const opened = await openDeclaredEstate(options);
  try {
    const { estate, findings } = await withCreated(opened.estate, opened);
    // Names in them are the servers' own.
    const shown = findings.map((finding) => ({ ...finding, message: visible(finding.message) }));
    if (shown.length > 0) output.note(showFindings(shown));
    return { ...opened, estate };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
