/** A file that its server does not read goes in; what was there before the delivery is there again, so that the server starts. */
import { forNode, type StepFile } from '../model/node-file.ts';
import { deliver } from './deliver.ts';
import { readBelow } from './write-file.ts';

/** A configuration file that says nothing. */
const NOTHING = '<clickhouse/>\n';

/** What is there before the delivery; where only a command knows, what was delivered last. Throws a DeliveryError. */
export async function earlierText({ by, path, before }: StepFile, node: string): Promise<string> {
  const text = 'directory' in by ? await readBelow(forNode(by.directory, node), path) : before;
  return text ?? NOTHING;
}

/** Whether anything was put back: nothing is where the file was there already. Throws a DeliveryError. */
export async function takeBack(file: StepFile, node: string, earlier: string): Promise<boolean> {
  if (earlier === file.text) return false;
  return deliver({ ...file, text: earlier }, node);
}
