import type { TransportFixture } from '@tenon/conformance';
import type { ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { failing, handling, incoming, mutant, receiving } from './transport-halves.js';

const handlers = 'an error of the handler was answered by the peer, whatever its code, and is no refusal';
const refusals = 'a refusal of the handler arrives as one, and only where the call was not executed';
const draining = 'a draining peer turns new calls away, and says that it drains';
const nobody = 'where nobody listens nobody answers, and nobody refuses';
const broken = 'a connection that breaks under a call was no answer, nor is what this side decides';
const takenOver = 'a call to an address that belongs to another service now is never run, and says whom it was for';

/** Transports that blame the wrong side. */
export const transportBlameMutants: readonly Mutant<TransportFixture>[] = [
  mutant(handlers, 'nobody ever answers', () => failing((error) => error.with({ answered: false }))),
  mutant(handlers, 'whatever is Unavailable was found here', () =>
    failing((error) => error.with({ answered: error.code !== 'Unavailable' })),
  ),
  mutant(handlers, 'every Unavailable is one that drains', () =>
    failing((error) => (error.code === 'Unavailable' ? error.with({ refusal: 'draining' }) : error)),
  ),
  mutant(refusals, 'refusals stay behind', () => failing((error) => error.with({ refusal: undefined }))),
  mutant(refusals, 'what ran was refused too', () => failing((error) => error.with({ refusal: 'overloaded' }))),
  mutant(draining, 'it does not say why', () => failing((error) => error.with({ refusal: undefined }))),
  mutant(draining, 'it may have run', () => failing((error) => error.with({ executed: 'maybe' }))),
  ...[{ answered: true }, { refusal: 'draining' as const }, { executed: 'maybe' as const }].map((fields) =>
    mutant(nobody, `nobody says ${JSON.stringify(fields)}`, () => ({
      dial: (dial) => (node, options) =>
        dial(node, options).catch((thrown: ServiceError) => {
          throw thrown.with(fields);
        }),
    })),
  ),
  mutant(broken, 'every failure was answered', () => failing((error) => error.with({ answered: true }))),
  mutant(broken, 'what breaks was answered', () =>
    failing((error) => error.with({ answered: error.code === 'Unavailable' })),
  ),
  mutant(broken, 'it has certainly not run', () => failing((error) => error.with({ executed: 'no' }))),
  mutant(takenOver, 'whoever is there runs it', () => ({
    handler: (good) => handling(good, (call) => good.handle(incoming(call, { service: 'probe' }))),
  })),
  mutant(takenOver, 'it does not say whom it was for', () => receiving(() => ({ node: undefined }))),
];
