import { type CancelTimer, type Candidate, type Clock, noMetadata, type Strategy } from '@tenon/contract';
import { DeadlineWheel, systemClock } from '@tenon/contract/authoring';
import { CallContext, currentCall, p2cStrategy, randomStrategy, roundRobinStrategy, runInContext } from '@tenon/core';
import { compileDto } from '@tenon/validator-class';
import type { Provider } from 'tenon';
import { RecordsMessage, SmallMessage } from '../contestants/tenon/echo.js';
import { requests } from '../workload/payloads.js';
import { type Part, part } from './part.js';

/** Checking a request, picking a node, keeping a deadline, making a context. */
export function callParts(): readonly Part[] {
  const small = compileDto(SmallMessage);
  const records = compileDto(RecordsMessage);
  return [
    part('validate', 'small', () => small.validate(requests.small)),
    part('validate', 'medium, 20 records', () => records.validate(requests.medium)),
    part('pick a node', 'two choices by load', picking(p2cStrategy(), 3)),
    part('pick a node', 'two choices by load, of 100', picking(p2cStrategy(), 100)),
    part('pick a node', 'round robin', picking(roundRobinStrategy(), 3)),
    part('pick a node', 'random', picking(randomStrategy(), 3)),
    part('deadline, set and taken back', 'wheel', wheel()),
    part('deadline, set and taken back', 'setTimeout and clearTimeout', timer),
    part('context', 'make one', makeContext),
    part('context', 'make one, run in it, find it', () => runInContext(makeContext(), currentCall)),
    part('context', 'find none', currentCall),
  ];
}

function picking(strategy: Provider<Strategy>, nodes: number): () => unknown {
  const candidates: readonly Candidate[] = Array.from({ length: nodes }, (_, index) => {
    const node = { id: `echo-${index}`, address: `127.0.0.1:${4_000 + index}`, metadata: noMetadata };
    return { node, record: { name: 'echo', version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [node] } };
  });
  const create = strategy.create as (clock: Clock) => Strategy;
  const picker = create(clock).picker('echo');
  const outcome = { elapsedMs: 1 };
  return () => {
    const picked = picker.pick(candidates, undefined);
    picker.report(picked, outcome);
    return picked;
  };
}

function wheel(): () => unknown {
  const deadlines = new DeadlineWheel(quietClock);
  const entry = {
    deadline: 10_000,
    onDeadline: () => undefined,
    wheelSlot: -1,
    wheelNext: undefined,
    wheelPrevious: undefined,
  };
  // Others are under way too, as always.
  for (let other = 0; other < 64; other += 1) deadlines.add({ ...entry, deadline: 10_000 + other });
  return () => {
    deadlines.add(entry);
    deadlines.remove(entry);
    return deadlines.size;
  };
}

function timer(): unknown {
  const set = setTimeout(nothing, 10_000);
  clearTimeout(set);
  return set;
}

function makeContext(): CallContext {
  return new CallContext({
    service: 'echo',
    endpoint: 'Echo.Small',
    metadata: noMetadata,
    deadline: 10_000,
    peer: undefined,
    node: 'echo-1',
    clock,
  });
}

function nothing(): void {
  // A timer that is always taken back.
}

const clock = systemClock();
/** Its timers never ring, so that the wheel keeps the process from nothing. */
const quietClock: Clock = { now: () => 0, wallTime: () => 0, after: (): CancelTimer => nothing };
