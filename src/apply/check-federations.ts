/** An estate and the nodes of its federations' members go in; what is wrong between the members comes out, on the plans of their nodes. */

import { unfederatedViews } from '../declared/unfederated-views.ts';
import { checkSettings } from '../federation/check-settings.ts';
import { checkStructure, type MemberNode } from '../federation/check-structure.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import type { ClusterPlan } from '../model/plan.ts';

export function isMember({ federations = [] }: Estate, cluster: string): boolean {
  return federations.some(({ members }) => members.includes(cluster));
}

export function checkFederations({ federations = [] }: Estate, nodes: readonly MemberNode[]): Finding[] {
  return federations.flatMap((federation) => [
    ...checkStructure(federation, nodes),
    ...checkSettings(federation, nodes),
    ...unfederatedViews(federation, nodes.find(({ cluster }) => cluster === federation.reads)?.node),
  ]);
}

/** The same plans, each node's with what was found on it. */
export function withFindings(
  clusters: readonly ClusterPlan[],
  findings: readonly Finding[],
): readonly ClusterPlan[] {
  if (findings.length === 0) return clusters;
  return clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((plan) => ({
      ...plan,
      findings: [...plan.findings, ...findings.filter(({ node }) => node === plan.node)],
    })),
  }));
}
