import type { Fault, Flow } from './fault.js';

/**
 * A line that is cut without a word: connections stay, nothing is passed on either way, no FIN and no RST. Both ends believe
 * in the other until they ask. New connections reach the target and then hear nothing.
 */
export class HalfOpen implements Fault {
  readonly name = 'half-open';

  flow(): Flow {
    return {};
  }
}
