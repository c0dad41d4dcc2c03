import { type Candidate, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { vi } from 'vitest';
import { ServiceHealth } from '../src/selector/health/service-health.js';
import { resolveSelectorOptions, type SelectorOptions } from '../src/selector/selector-options.js';
import { telemetryOf } from '../src/telemetry/index.js';
import { RecordingLogger } from './recording-logger.js';

/** One error for each thing that an outcome can say. */
export const errors = {
  unreachable: new ServiceError('Unavailable', 'refused', { executed: 'no' }),
  draining: new ServiceError('Unavailable', 'leaving', { executed: 'no', refusal: 'draining' }),
  overloaded: new ServiceError('ResourceExhausted', 'full', { executed: 'no', refusal: 'overloaded' }),
  broken: new ServiceError('Unavailable', 'cut', { executed: 'maybe' }),
  failed: new ServiceError('Internal', 'bug', { answered: true }),
  /** Its caller gave it half a millisecond. */
  hasty: new ServiceError('DeadlineExceeded', 'too late'),
  abandoned: new ServiceError('Canceled', 'given up'),
  refused: new ServiceError('NotFound', 'no such thing', { answered: true }),
};

/** The health of a service whose nodes are named by the letters of `ids`, on a clock that is moved by hand. */
export function healthUnderTest(ids: string, options: SelectorOptions = { slowStartMs: 0 }) {
  const [clock, logger, meter] = [new FakeClock(), new RecordingLogger(), new RecordingMeter()];
  const returned = vi.fn();
  const parts = { options: resolveSelectorOptions(options), clock, logger, telemetry: telemetryOf(meter) };
  const health = new ServiceHealth('greeter', parts, returned);
  let set: readonly Candidate[] = [];
  const know = (known: string): void => {
    set = health.know([...known].map((id) => candidateOf(id)));
  };
  know(ids);
  return {
    clock,
    logger,
    meter,
    health,
    returned,
    know,
    set: () => set,
    /** Whom a call may be sent to. */
    usable: (exclude?: string) => idsOf(health.usable(set, exclude === undefined ? undefined : new Set(exclude))),
    /** Outcomes of calls that began 1 ms before they ended, now. */
    report(id: string, how: keyof typeof errors | 'served', times = 1, elapsedMs = 0.5) {
      const candidate = set.find(({ node }) => node.id === id) as Candidate;
      const error = how === 'served' ? undefined : errors[how];
      for (let time = 0; time < times; time += 1) health.report(candidate, { elapsedMs, endedAt: clock.now(), error });
    },
  };
}

export function candidateOf(id: string, address = `${id}:1`): Candidate {
  const node = { id, address, metadata: {} };
  return { node, record: { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] } };
}

export const idsOf = (candidates: readonly Candidate[]): string => candidates.map(({ node }) => node.id).join('');
