/** The file of a step and a node go in; the file is on the node, unless people have to bring it there. */
import { forNode, type StepFile } from '../model/node-file.ts';
import { runCommand } from './run-command.ts';
import { writeBelow } from './write-file.ts';

/** Whether it was delivered; where it was not, people put it in its place. Throws a DeliveryError. */
export async function deliver(file: StepFile, node: string): Promise<boolean> {
  const { by, path, text } = file;
  if ('manual' in by) return false;
  if ('directory' in by) await writeBelow(forNode(by.directory, node), path, text);
  else await runCommand(by.command, node, file);
  return true;
}
