/** `plumbline validate`: checks the declarations without asking any server. */
import { loadEstate } from './estate-options.ts';
import type { Output } from './output.ts';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** Throws a DeclarationError when there are mistakes. */
export async function validate(options: { readonly estate: string }, output: Output): Promise<number> {
  const { clusters, objects } = await loadEstate(options.estate);
  const nodes = clusters.reduce((sum, cluster) => sum + cluster.nodes.length, 0);
  output.result(
    `The declarations are valid: ${plural(clusters.length, 'cluster')}, ${plural(nodes, 'node')}, ${plural(objects.length, 'object')}.\n`,
  );
  return 0;
}
