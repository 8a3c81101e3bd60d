/** `plumbline federation verify`: asks the other members what the reading member was asked, and tells where they answer otherwise. */
import { readFile } from 'node:fs/promises';
import pc from 'picocolors';
import { connect, type Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { compatibilityOf, type Federation } from '../model/federation.ts';
import { showPath } from '../model/object.ts';
import { isDifference, type LoggedQuery, type Replay, type ReplayedQuery } from '../model/replay.ts';
import { renderJson } from '../render/json.ts';
import { renderReplay, renderReplayMarkdown } from '../render/replay.ts';
import { loggedQueries, queriesIn } from '../replay/read-queries.ts';
import { replayQuery } from '../replay/replay.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { VERIFY_FORMATS } from './formats.ts';
import type { Output } from './output.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface FederationVerifyOptions extends EstateOptions {
  readonly federation?: string | undefined;
  /** A file of queries, instead of the log. */
  readonly queries?: string | undefined;
  readonly days: number;
  readonly shapes: number;
  /** Seconds. */
  readonly maxTime: number;
  readonly maxRows: number;
  readonly slower: number;
  readonly showValues?: true | undefined;
  readonly format: (typeof VERIFY_FORMATS)[number];
}

function chosenFederation({ federations = [] }: Estate, name: string | undefined): Federation {
  const known = federations.map((one) => one.name).join(', ');
  if (federations.length === 0) throw new PlumblineError('No Federation is declared under clusters/.');
  if (name === undefined && federations.length > 1)
    throw new PlumblineError(`Several federations are declared; say --federation with one of ${known}.`);
  const found = federations.find((one) => name === undefined || one.name === name);
  if (!found) throw new PlumblineError(`No federation is called \`${name}\`; there is ${known}.`);
  return found;
}

async function readSource(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PlumblineError(`--queries: ${path} can't be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

async function askedQueries(
  servers: readonly Server[],
  options: FederationVerifyOptions,
): Promise<(LoggedQuery & { readonly server: Server })[]> {
  const [first] = servers;
  if (!first) throw new PlumblineError('The reading cluster has no node.');
  if (options.queries !== undefined) {
    const found = await queriesIn(await readSource(options.queries), first);
    if (found.length === 0) throw new PlumblineError(`${options.queries} holds no SELECT.`);
    return found;
  }
  const found = await loggedQueries(servers, options.days, options.shapes);
  if (found.length > 0) return found;
  throw new PlumblineError(
    `Nobody asked ${servers.map(({ node }) => node.name).join(', ')} a SELECT within ${options.days} days, so that nothing can be verified; give queries with --queries.`,
  );
}

/** Member after member, and query after query: what is slow because others are asked at the same time tells nothing. */
async function replayOn(
  member: Cluster,
  reading: Cluster,
  federation: Federation,
  queries: readonly (LoggedQuery & { readonly server: Server })[],
  options: FederationVerifyOptions,
  shouldStop: () => boolean,
): Promise<Replay> {
  const [node] = member.nodes;
  if (!node) throw new PlumblineError(`Cluster ${member.name} has no node.`);
  const there = connect(node);
  const compatibility = compatibilityOf(reading.version);
  const { maxTime: seconds, maxRows: rows, slower } = options;
  const showValues = options.showValues === true;
  const federated = federation.covered.map((one) => showPath(one.federated));
  const replayed: ReplayedQuery[] = [];
  try {
    for (const { server, ...query } of queries) {
      if (shouldStop()) break;
      const how = { there, compatibility, seconds, rows, slower, showValues, federated };
      replayed.push(await replayQuery(query, server, how));
    }
  } finally {
    await there.close();
  }
  return { federation: federation.name, member: node.name, compatibility, queries: replayed };
}

function render(
  replays: readonly Replay[],
  format: FederationVerifyOptions['format'],
  output: Output,
): string {
  if (format === 'json') return renderJson({ replays });
  const colours = pc.createColors(output.colour);
  return replays
    .map((one) => (format === 'text' ? renderReplay(one, colours) : renderReplayMarkdown(one)))
    .join('\n');
}

/** 2 where a member does not do as the reading one, 1 where it was not asked everything. */
export async function federationVerify(options: FederationVerifyOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  const signals = stopOnSignal(output, 'verify');
  const servers: Server[] = [];
  try {
    const { clusters } = opened.estate;
    const federation = chosenFederation(opened.estate, options.federation);
    const reading = clusters.find(({ name }) => name === federation.reads);
    if (!reading) throw new PlumblineError(`Cluster ${federation.reads} is not declared.`);
    servers.push(...reading.nodes.map(connect));
    const queries = await askedQueries(servers, options);
    const replays: Replay[] = [];
    for (const member of clusters.filter(
      ({ name }) => name !== reading.name && federation.members.includes(name),
    ))
      replays.push(await replayOn(member, reading, federation, queries, options, signals.shouldStop));
    output.result(render(replays, options.format, output));
    if (replays.some((one) => one.queries.length < queries.length)) return 1;
    return replays.some((one) => one.queries.some(isDifference)) ? 2 : 0;
  } finally {
    signals.release();
    await Promise.all(servers.map((server) => server.close()));
    await opened.close();
  }
}
