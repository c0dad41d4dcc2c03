import { ServiceError } from '@tenon/contract';

/**
 * What the encoder throws to itself when a value has no form. Its place is collected on the way out, one step per
 * container, so that encoding what is fine keeps no path.
 */
export class Inexpressible {
  readonly #reason: string;
  readonly #path: (string | number)[] = [];

  /** @param reason - completes "the value …": `is a function`. */
  constructor(reason: string) {
    this.#reason = reason;
  }

  /** Notes that the value stands under `step` of its container. */
  within(step: string | number): void {
    this.#path.push(step);
  }

  toServiceError(): ServiceError {
    const steps = this.#path.reverse();
    const shown = steps.slice(0, maxShownSteps).map(stepText).join('') + (steps.length > maxShownSteps ? '…' : '');
    const place = steps.length === 0 ? 'the value' : `the value at ${shown}`;
    return new ServiceError('InvalidArgument', `${place} ${this.#reason}`, { executed: 'no' });
  }
}

/** What was thrown, with its place noted where it is {@link Inexpressible}. */
export function within(thrown: unknown, step: string | number): unknown {
  if (thrown instanceof Inexpressible) thrown.within(step);
  return thrown;
}

/** `.items[2].price`. A key that does not look like a name may be content itself and is not repeated. */
function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return nameLike.test(step) ? `.${step}` : '["…"]';
}

const nameLike = /^[A-Za-z_$][\w$]{0,63}$/;
const maxShownSteps = 8;
