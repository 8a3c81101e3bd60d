/** A file and the text that it should hold go in; `PLUMBLINE_UPDATE=1` writes it, and else a difference fails the test. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/** A text without content has no file. */
export function checkGolden(file: string, text: string): void {
  if (process.env.PLUMBLINE_UPDATE !== '1') {
    expect(text, file).toBe(existsSync(file) ? readFileSync(file, 'utf8') : '');
  } else if (text === '') {
    rmSync(file, { force: true });
  } else {
    writeFileSync(file, text);
  }
}
