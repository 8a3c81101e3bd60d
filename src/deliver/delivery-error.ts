/** What went wrong on a file's way to a node goes in; an error whose message may be shown comes out. */
import { PlumblineError } from '../model/errors.ts';

export class DeliveryError extends PlumblineError {
  override readonly name = 'DeliveryError';
  /** Whether the file may have got there all the same. */
  readonly isInconclusive: boolean;

  constructor(message: string, isInconclusive = false) {
    super(message);
    this.isInconclusive = isInconclusive;
  }
}
