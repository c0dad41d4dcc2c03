import type { Fault, Flow } from './fault.js';

/**
 * A host that has vanished: connections are accepted, as the system of a dead process does, and lead nowhere; nothing of the
 * living ones is read or passed on, their end neither. What was sent meanwhile arrives after healing.
 */
export class BlackHole implements Fault {
  readonly name = 'black hole';
  readonly dials = false;

  flow(): Flow {
    return {};
  }
}
