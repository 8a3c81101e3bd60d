/** Takes one cluster's plan and gives the lines every terminal report has: its name, its state, findings, unmanaged objects. */
import type { ClusterPlan } from '../model/plan.ts';
import { foldFindings, unmanagedObjects } from './fold-findings.ts';
import { nodesText } from './fold-nodes.ts';
import type { Palette } from './text-palette.ts';
import { counted, formatCount } from './units.ts';
import { visible, visibleId, visibleNode, visiblePlace } from './visible.ts';
import { flow, indent, wrap } from './wrap.ts';

const MOST_UNMANAGED = 10;

/** `3 nodes · enterprise · 26.7.1`; where nodes run several versions, all of them. */
export function clusterFacts({ edition, nodes }: ClusterPlan): string {
  const versions = [...new Set(nodes.flatMap(({ version }) => version ?? []))].map(visible);
  return [
    counted(nodes.length, 'node'),
    visible(edition),
    ...(versions.length > 0 ? [versions.join(', ')] : []),
  ].join(' · ');
}

export function clusterHead(cluster: ClusterPlan, colours: Palette): string {
  return `${colours.strong(visibleNode(cluster.cluster))}  ${colours.quiet(clusterFacts(cluster))}`;
}

/** Nodes of which nothing is known, each a block of lines. */
export function unreadableBlocks({ nodes }: ClusterPlan, colours: Palette, width: number): string[][] {
  return nodes.flatMap(({ node, address, unreadable }) => {
    if (unreadable === undefined) return [];
    const head = `✗ ${visibleNode(node)} could not be read`;
    const message = wrap(visible(unreadable), width - 6);
    return [
      [
        `  ${colours.bad(head)}  ${colours.quiet(visible(address))}`,
        ...indent([...message, 'Nobody knows what it needs.'], 6),
      ],
    ];
  });
}

/** Findings, each a block of lines: severity, rule, nodes and place, then the message. */
export function findingBlocks(cluster: ClusterPlan, colours: Palette, width: number): string[][] {
  return foldFindings(cluster).map(({ finding, nodes }) => {
    const { severity, rule, message, place } = finding;
    const isError = severity === 'error';
    const pieces = [
      {
        text: `${isError ? '✗' : '!'} ${severity} ${visible(rule)}`,
        paint: isError ? colours.bad : colours.careful,
      },
      { text: nodesText(nodes, cluster, visibleNode), paint: colours.quiet },
      { text: place ? visiblePlace(place) : '', paint: colours.quiet },
    ];
    return indent([...flow(pieces, width - 2, 4), ...indent(wrap(visible(message), width - 6), 4)], 2);
  });
}

/** `12 unmanaged objects: table a.b, … and 2 more`, cut behind the tenth; undefined where there are none. */
export function unmanagedText(cluster: ClusterPlan, show: (id: string) => string): string | undefined {
  const objects = unmanagedObjects(cluster);
  if (objects.length === 0) return undefined;
  const names = objects.slice(0, MOST_UNMANAGED).map((id) => show(visibleId(id)));
  const more = objects.length - names.length;
  const end = more > 0 ? ` and ${formatCount(more)} more` : '';
  return `${counted(objects.length, 'unmanaged object')}: ${names.join(', ')}${end}`;
}

export function unmanagedBlock(cluster: ClusterPlan, colours: Palette, width: number): string[] {
  const text = unmanagedText(cluster, (id) => id);
  if (text === undefined) return [];
  const [first = '', ...rest] = wrap(text, width - 4).map(colours.quiet);
  return indent([first, ...indent(rest, 2)], 2);
}
