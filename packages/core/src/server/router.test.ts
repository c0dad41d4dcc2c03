import { describe, expect, test } from 'vitest';
import { ArrivingCall } from '../../test/arriving-call.js';
import { servedEndpoint } from '../../test/greeter.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { Route } from './route.js';
import { Router } from './router.js';

const schemas = new CompiledSchemas(undefined);

function routeOf(node: string, service: string, name: string): Route {
  return new Route(
    node,
    servedEndpoint(() => undefined, { descriptor: { service, name } }),
    schemas,
    [],
  );
}

/** Two versions of `greeter`, of which the second has an endpoint more, and `mailer`. */
function routerOfThree() {
  const router = new Router();
  const first = routeOf('greeter-1', 'greeter', 'Greeter.Hello');
  const second = routeOf('greeter-1-2', 'greeter', 'Greeter.Hello');
  const newer = routeOf('greeter-1-2', 'greeter', 'Greeter.Bye');
  const mail = routeOf('mailer-1', 'mailer', 'Mailer.Send');
  router.add({ id: 'greeter-1', version: '1.0.0' }, 'greeter', [first]);
  router.add({ id: 'greeter-1-2', version: '2.0.0' }, 'greeter', [second, newer]);
  router.add({ id: 'mailer-1', version: '1.0.0' }, 'mailer', [mail]);
  return { router, first, second, newer, mail };
}

const call = (service: string, endpoint: string, node?: string): ArrivingCall =>
  new ArrivingCall({ service, endpoint, node });

describe('a call is found', () => {
  const { router, first, second, newer, mail } = routerOfThree();

  test.each([
    ['by service and endpoint, in the version added last', call('greeter', 'Greeter.Hello'), second],
    ['in the version of the node that was meant', call('greeter', 'Greeter.Hello', 'greeter-1'), first],
    ['in the other version, by its node', call('greeter', 'Greeter.Hello', 'greeter-1-2'), second],
    ['though meant for an earlier run of the process', call('greeter', 'Greeter.Hello', 'greeter-0'), second],
    ['in its service, whatever node of another is named', call('greeter', 'Greeter.Bye', 'mailer-1'), newer],
    ['by endpoint alone, where the wire has no service and one service has it', call('', 'Mailer.Send'), mail],
  ])('%s', (_how, arriving, route) => {
    expect(router.find(arriving)).toBe(route);
  });
});

describe('a call is not found', () => {
  const { router } = routerOfThree();

  test.each([
    ['because nobody serves it here', call('other', 'Other.Do'), 'Unimplemented', 'service "other" is not served here'],
    [
      'because its service has no such endpoint',
      call('greeter', 'Greeter.hello'),
      'Unimplemented',
      'there is no endpoint "Greeter.hello" in service "greeter"; there are Greeter.Hello, Greeter.Bye',
    ],
    [
      'because the version that was meant has no such endpoint, though another has',
      call('greeter', 'Greeter.Bye', 'greeter-1'),
      'Unimplemented',
      'there is no endpoint "Greeter.Bye" in service "greeter"; there is Greeter.Hello',
    ],
    [
      'because its node is not here any more',
      call('other', 'Other.Do', 'other-7'),
      'Unavailable',
      'node "other-7" of service "other" is not at this address any more',
    ],
    [
      'because the wire has no service and none has the endpoint',
      call('', 'Nobody.Do'),
      'Unimplemented',
      'there is no single endpoint "Nobody.Do" here',
    ],
  ])('%s', (_why, arriving, code, rawMessage) => {
    expect(router.find(arriving)).toBeUndefined();
    expect(router.missing(arriving)).toMatchObject({ code, rawMessage, executed: 'no' });
  });

  test('and only the node that is not here any more counts as one that left', () => {
    expect(router.missing(call('other', 'Other.Do', 'other-7')).refusal).toBe('draining');
    expect(router.missing(call('other', 'Other.Do')).refusal).toBeUndefined();
  });

  test('because the wire has no service and several have the endpoint', () => {
    const other = new Router();
    other.add({ id: 'a-1', version: '1.0.0' }, 'a', [routeOf('a-1', 'a', 'Health.Check')]);
    other.add({ id: 'b-1', version: '1.0.0' }, 'b', [routeOf('b-1', 'b', 'Health.Check')]);
    expect(other.find(call('', 'Health.Check'))).toBeUndefined();
    expect(other.missing(call('', 'Health.Check'))).toMatchObject({ code: 'Unimplemented' });
  });

  test('by a name that objects have of themselves', () => {
    expect(router.find(call('constructor', '__proto__'))).toBeUndefined();
    expect(router.find(call('greeter', 'constructor', '__proto__'))).toBeUndefined();
  });

  test('with a long name, of which only the beginning is repeated', () => {
    const long = 'x'.repeat(5_000);
    for (const arriving of [call(long, long), call(long, long, long), call('greeter', long), call('', long)]) {
      expect(router.missing(arriving).rawMessage.length).toBeLessThan(400);
    }
  });
});

test('who answers is the node that was meant, else the version added last', () => {
  const { router } = routerOfThree();
  expect(router.nodeOf('greeter', 'greeter-1')).toEqual({ id: 'greeter-1', version: '1.0.0' });
  for (const node of [undefined, 'greeter-2', 'mailer-1'])
    expect(router.nodeOf('greeter', node)).toEqual({ id: 'greeter-1-2', version: '2.0.0' });
  expect(router.nodeOf('nobody', undefined)).toBeUndefined();
});

test('a version that is added later is found, whatever was found before it', () => {
  const { router, second } = routerOfThree();
  const hello = call('greeter', 'Greeter.Hello');
  expect([router.find(hello), router.find(hello)]).toEqual([second, second]);
  const newest = routeOf('greeter-1-3', 'greeter', 'Greeter.Hello');
  router.add({ id: 'greeter-1-3', version: '3.0.0' }, 'greeter', [newest]);
  expect(router.find(hello)).toBe(newest);
});
