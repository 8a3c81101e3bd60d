/** A Keeper said no, or did not answer. */
import { PlumblineError } from '../model/errors.ts';

export class KeeperError extends PlumblineError {
  override readonly name = 'KeeperError';
  /** Whether nobody knows what became of what was asked. */
  readonly isInconclusive: boolean;

  constructor(message: string, isInconclusive: boolean) {
    super(message);
    this.isInconclusive = isInconclusive;
  }
}
