/** Errors that end a command with a message a user can act on; everything else is a bug and shows its stack. */
import type { Finding } from './finding.ts';

export class PlumblineError extends Error {
  override readonly name: string = 'PlumblineError';
  readonly exitCode = 1;
}

/** The declarations have mistakes. All of them are carried, so that one run shows them together. */
export class DeclarationError extends PlumblineError {
  override readonly name = 'DeclarationError';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const count = findings.length;
    super(`The declarations have ${count} ${count === 1 ? 'mistake' : 'mistakes'}.`);
    this.findings = findings;
  }
}

/** The plan may not run; `reasons` has every reason. */
export class RefusedError extends PlumblineError {
  override readonly name = 'RefusedError';
  readonly reasons: readonly string[];

  constructor(message: string, reasons: readonly string[]) {
    super(message);
    this.reasons = reasons;
  }
}
