/** The status of federations goes in; as people read it on a terminal, and as Markdown with a diagram, comes out. */

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

function stageWords({ entered, since, declared, next }: FederationStatus): string {
  const stands = entered === undefined ? 'no stage is entered yet' : `stage ${entered}, since ${since} UTC`;
  return entered === declared || next === entered ? stands : `${stands}; ${declared} is declared`;
}

const total = ({ tables }: NodeStatus): string =>
  `${counted(
    tables.reduce((sum, { rows }) => sum + rows, 0),
    'row',
  )}, ${formatBytes(tables.reduce((sum, { bytes }) => sum + bytes, 0))}`;

const lastWords = ({ written }: FederationStatus): string =>
  written === undefined
    ? 'nobody knows who received rows last'
    : `${written.node} (${written.cluster}) received rows last, at ${written.at}`;

function nodeLines(status: FederationStatus, colours: Palette): string[] {
  const width = Math.max(...status.nodes.map(({ node }) => node.length));
  return status.nodes.flatMap((node) => {
    const name = `  ${visibleNode(node.node).padEnd(width)}`;
    if (node.unreadable !== undefined)
      return [`${name}  ${colours.bad(`could not be read: ${visible(node.unreadable)}`)}`];
    const tables = node.tables
      .filter(({ rows }) => rows > 0)
      .map(
        ({ path, rows, bytes }) => `    ${visiblePath(path)}  ${counted(rows, 'row')}, ${formatBytes(bytes)}`,
      );
    return [`${name}  ${node.version}  ${total(node)}`, ...tables];
  });
}

function blocks(status: FederationStatus, colours: Palette): string[][] {
  const { federation, reads, writes, conditions, entered, next } = status;
  const head = next === entered ? [] : [colours.strong(`before ${next}`)];
  return [
    [
      colours.strong(`federation ${visibleNode(federation)}`),
      `  ${stageWords(status)}`,
      `  ${visibleNode(reads)} answers reads, ${visibleNode(writes)} takes writes; ${visible(lastWords(status))}`,
      ...nodeLines(status, colours),
    ],
    conditions.length > 0 ? [...head, ...conditionLines(conditions, colours, WIDTH)] : [],
  ];
}

/** Ends in a newline. */
export function renderFederations(all: readonly FederationStatus[], options: { colour: boolean }): string {
  const colours = palette(options.colour);
  return joinBlocks(all.flatMap((status) => blocks(status, colours)));
}

function diagram({ federation, members, nodes, reads, writes }: FederationStatus): string[] {
  const roles = (member: string): string =>
    [
      member,
      ...(member === reads ? ['answers reads'] : []),
      ...(member === writes ? ['takes writes'] : []),
    ].join(', ');
  return [
    'flowchart LR',
    `  f(["${mermaidWords(federation)}"])`,
    ...members.flatMap((member, at) => [
      `  subgraph m${at}["${mermaidWords(roles(member))}"]`,
      ...nodes
        .filter(({ cluster }) => cluster === member)
        .map(
          (node, number) =>
            `    m${at}n${number}["${mermaidWords(node.node)}<br/>${mermaidWords(total(node))}"]`,
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
            `| ${code(visibleNode(node.node))} | ${code(showPath(path))} | ${counted(rows, 'row')} | ${formatBytes(bytes)} | ${written} |`,
        )
      : [`| ${code(visibleNode(node.node))} | could not be read: ${prose(visible(node.unreadable))} | | | |`],
  );
  const { federation, next, entered, conditions } = status;
  const change = { federation, to: next, conditions, ...(entered && { from: entered }) };
  return [
    `## Federation ${code(visibleNode(federation))}`,
    `${prose(stageWords(status))}; ${prose(visible(lastWords(status)))}.`,
    fenced('mermaid', diagram(status)).join('\n'),
    ['| node | table | rows | bytes | last part inserted |', '| --- | --- | --- | --- | --- |', ...rows].join(
      '\n',
    ),
    conditions.length > 0 ? stagesSection([change]) : '',
  ].filter((text) => text !== '');
}

/** Ends in a newline. */
export function renderFederationsMarkdown(all: readonly FederationStatus[]): string {
  return `${all.flatMap(markdownOf).join('\n\n')}\n`;
}
