/** `plumbline up`: keeps the declared estate running on embedded servers until Ctrl-C. */
import { embed, loadEstate } from './estate-options.ts';
import type { Output } from './output.ts';

export async function up(options: { readonly estate: string }, output: Output): Promise<number> {
  const { running } = await embed(await loadEstate(options.estate), options.estate, 'up');
  const width = Math.max(...running.nodes.map(({ name }) => name.length));
  for (const { name, url, nativePort } of running.nodes) {
    output.result(`${name.padEnd(width)}  ${url}  native port ${nativePort}\n`);
  }
  output.note(
    'Other commands reach these servers with --embedded. Ctrl-C stops them; their data stays in .plumbline/.',
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
  await running.stop();
  return 0;
}
