/** The status of federations goes in; as people read it on a terminal, and as Markdown with a diagram, comes out. */

import { STAGES } from '../model/federation.ts';
import type { FederationStatus, NodeStatus } from '../model/federation-status.ts';
import { showPath } from '../model/object.ts';
import { code, fenced, prose } from './markdown-escape.ts';
import { mermaidWords } from './mermaid.ts';
import { conditionLines, stagesSection } from './stages.ts';
import { joinBlocks } from './text.ts';
import { type Palette, palette } from './text-palette.ts';
import { counted, formatBytes } from './units.ts';
import { visible, visibleNode, visiblePath } from './visible.ts';

const WIDTH = 100;

/** `2026-01-31 12:00:00 UTC` of a time as servers or ISO 8601 write it. */
const moment = (text: string): string => `${text.slice(0, 19).replace('T', ' ')} UTC`;

function stageWords({ entered, since = '', declared, next }: FederationStatus): string {
  const stands =
    entered === undefined ? 'no stage is entered yet' : `stage ${entered}, since ${moment(since)}`;
  return entered === declared || next === entered ? stands : `${stands}; ${declared} is declared`;
}

/** All stages in order, the entered one marked. */
const wayWords = ({ entered }: FederationStatus): string =>
  STAGES.map((stage) => (stage === entered ? `[${stage}]` : stage)).join(' → ');

function total(nodes: readonly NodeStatus[]): string {
  const tables = nodes.flatMap((node) => node.tables);
  const [rows, bytes] = [
    tables.reduce((sum, one) => sum + one.rows, 0),
    tables.reduce((sum, one) => sum + one.bytes, 0),
  ];
  return rows === 0 ? 'no rows' : `${counted(rows, 'row')}, ${formatBytes(bytes)}`;
}

const lastWords = ({ written }: FederationStatus): string =>
  written === undefined
    ? 'nobody knows who received rows last'
    : `${written.node} received rows last, at ${moment(written.at)}`;

function roles({ reads, writes }: FederationStatus, member: string): string {
  if (member === reads && member === writes) return 'answers reads and takes writes';
  return member === reads ? 'answers reads' : member === writes ? 'takes writes' : '';
}

const nodesOf = ({ nodes }: FederationStatus, member: string): NodeStatus[] =>
  nodes.filter(({ cluster }) => cluster === member);

function memberLines(status: FederationStatus, member: string, colours: Palette): string[] {
  const nodes = nodesOf(status, member);
  const does = roles(status, member);
  const width = Math.max(...status.nodes.map(({ node }) => node.length));
  const lines = nodes.flatMap((node) => {
    const name = `    ${visibleNode(node.node).padEnd(width)}`;
    if (node.unreadable !== undefined)
      return [`${name}  ${colours.bad(`could not be read: ${visible(node.unreadable)}`)}`];
    const tables = node.tables
      .filter(({ rows }) => rows > 0)
      .map(
        ({ path, rows, bytes }) =>
          `      ${visiblePath(path)}  ${counted(rows, 'row')}, ${formatBytes(bytes)}`,
      );
    return [`${name}  ${node.version}  ${total([node])}`, ...tables];
  });
  return [
    `  ${colours.strong(visibleNode(member))}  ${[does, total(nodes)].filter(Boolean).join('; ')}`,
    ...lines,
  ];
}

function blocks(status: FederationStatus, colours: Palette): string[][] {
  const { federation, members, conditions, entered, next } = status;
  const head = next === entered ? [] : [colours.strong(`what lets in ${next}`)];
  return [
    [
      colours.strong(`federation ${visibleNode(federation)}`),
      `  ${wayWords(status)}`,
      `  ${stageWords(status)}; ${visible(lastWords(status))}`,
    ],
    members.flatMap((member) => memberLines(status, member, colours)),
    conditions.length > 0 ? [...head, ...conditionLines(conditions, colours, WIDTH)] : [],
  ];
}

/** Ends in a newline. */
export function renderFederations(all: readonly FederationStatus[], options: { colour: boolean }): string {
  const colours = palette(options.colour);
  return joinBlocks(all.flatMap((status) => blocks(status, colours)));
}

function diagram(status: FederationStatus): string[] {
  return [
    'flowchart LR',
    `  f(["${mermaidWords(status.federation)}"])`,
    ...status.members.flatMap((member, at) => [
      `  subgraph m${at}["${mermaidWords([member, roles(status, member)].filter(Boolean).join(', '))}"]`,
      ...nodesOf(status, member).map(
        (node, number) =>
          `    m${at}n${number}["${mermaidWords(node.node)}<br/>${mermaidWords(total([node]))}"]`,
      ),
      '  end',
      `  f --> m${at}`,
    ]),
  ];
}

function markdownOf(status: FederationStatus): string[] {
  const rows = status.nodes.flatMap((node) =>
    node.unreadable === undefined
      ? node.tables.map(
          ({ path, rows, bytes, written = '' }) =>
            `| ${code(visibleNode(node.node))} | ${code(showPath(path))} | ${counted(rows, 'row')} | ${formatBytes(bytes)} | ${written && moment(written)} |`,
        )
      : [`| ${code(visibleNode(node.node))} | could not be read: ${prose(visible(node.unreadable))} | | | |`],
  );
  const { federation, next, entered, conditions } = status;
  const change = { federation, to: next, conditions, ...(entered && { from: entered }) };
  return [
    `## Federation ${code(visibleNode(federation))}`,
    `${prose(wayWords(status))}`,
    `${prose(stageWords(status))}; ${prose(visible(lastWords(status)))}.`,
    fenced('mermaid', diagram(status)).join('\n'),
    ['| node | table | rows | bytes | last rows |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    conditions.length > 0 ? stagesSection([change]) : '',
  ].filter((text) => text !== '');
}

/** Ends in a newline. */
export function renderFederationsMarkdown(all: readonly FederationStatus[]): string {
  return `${all.flatMap(markdownOf).join('\n\n')}\n`;
}
