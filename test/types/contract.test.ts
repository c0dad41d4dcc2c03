import { type App, type ClientOf, contract, type ServiceContract } from 'tenon';
import { expect, expectTypeOf, test } from 'vitest';
import { Reception } from './reception.js';

const app = {} as App;

const ReceptionContract = contract<Reception>()('reception', { as: 'Reception', idempotent: ['checkIn'] });

test('a contract holds the type of its service, and nothing of the class at run time', () => {
  expectTypeOf(ReceptionContract).toEqualTypeOf<ServiceContract<Reception>>();
  expect(ReceptionContract).toEqual({
    service: 'reception',
    as: 'Reception',
    idempotent: new Set(['checkIn']),
    streams: new Map(),
    policies: new Map(),
  });
});

test('a client by contract is the client by class', () => {
  void (() => expectTypeOf(app.client(ReceptionContract)).toEqualTypeOf<ClientOf<Reception>>());
  void (() => expectTypeOf(app.client(Reception)).toEqualTypeOf<ClientOf<Reception>>());
  // @ts-expect-error name is missing
  void (() => app.client(ReceptionContract).bill({}));
  // @ts-expect-error not the client of another
  void ((): ClientOf<{ checkOut(): void }> => app.client(ReceptionContract));
});

test('idempotent methods are methods of the service', () => {
  // @ts-expect-error there is no such method
  void (() => contract<Reception>()('reception', { as: 'Reception', idempotent: ['checkOut'] }));
});

test('policies are of methods of the service, and say what a policy says', () => {
  const { policies } = contract<Reception>()('reception', {
    as: 'Reception',
    policies: { checkIn: { timeoutMs: 500, priority: 'critical' } },
  });
  expect([...policies]).toEqual([['checkIn', { timeoutMs: 500, priority: 'critical' }]]);
  // @ts-expect-error there is no such method
  void (() => contract<Reception>()('reception', { as: 'Reception', policies: { checkOut: { timeoutMs: 500 } } }));
  // @ts-expect-error there is no such option
  void (() => contract<Reception>()('reception', { as: 'Reception', policies: { checkIn: { timeout: 500 } } }));
  // @ts-expect-error nor such a priority
  void (() => contract<Reception>()('reception', { as: 'Reception', policies: { checkIn: { priority: 'high' } } }));
});

test('the name on the wire must be said: a type has none', () => {
  // @ts-expect-error as is missing
  void (() => contract<Reception>()('reception', {}));
  // @ts-expect-error options are missing
  void (() => contract<Reception>()('reception'));
  // @ts-expect-error so is the service's name
  void (() => contract<Reception>()({ as: 'Reception' }));
});

test('what is no service class and no contract is refused', () => {
  // @ts-expect-error a name says nothing about its methods; app.call() calls by name
  void (() => app.client('reception'));
  // @ts-expect-error an instance
  void (() => app.client(new Reception()));
});
