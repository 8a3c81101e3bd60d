/** `plumbline federation status`: in which stage the declared federations stand, what their members hold, and what lets in the next. */
import { PlumblineError } from '../model/errors.ts';
import { isBlocking } from '../model/stage.ts';
import { renderFederations, renderFederationsMarkdown } from '../render/federation-status.ts';
import { renderJson } from '../render/json.ts';
import { federationStatus } from '../stages/status.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { FEDERATION_FORMATS } from './formats.ts';
import type { Output } from './output.ts';

export interface FederationOptions extends EstateOptions {
  readonly format: (typeof FEDERATION_FORMATS)[number];
}

/** 1 when a node could not be read, 2 when a declared stage is not entered and something keeps it from that, 0 otherwise. */
export async function federation(options: FederationOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const { federations = [] } = opened.estate;
    if (federations.length === 0) throw new PlumblineError('No Federation is declared under clusters/.');
    const all = await Promise.all(
      federations.map((one) => federationStatus(opened.estate, one, opened.connectTimeout)),
    );
    if (options.format === 'json') output.result(renderJson({ federations: all }));
    else if (options.format === 'markdown') output.result(renderFederationsMarkdown(all));
    else output.result(renderFederations(all, { colour: output.colour }));
    if (all.some(({ nodes }) => nodes.some(({ unreadable }) => unreadable !== undefined))) return 1;
    const waits = all.some(
      ({ declared, entered, conditions }) => declared !== entered && conditions.some(isBlocking),
    );
    return waits ? 2 : 0;
  } finally {
    await opened.close();
  }
}
