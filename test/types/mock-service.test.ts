import { createTestApp, type MockHandlers, type MockService, mockService } from '@tenon/testing';
import { contract, type Plain } from 'tenon';
import { expectTypeOf, test } from 'vitest';
import { type CheckIn, type Guest, Reception, type Room } from './reception.js';

const ReceptionContract = contract<Reception>()('reception', { as: 'Reception' });

test('handlers get the typed request and answer the reply, at once or later; any may be left out', () => {
  expectTypeOf<MockHandlers<Reception>['bill']>().toEqualTypeOf<
    ((request: Plain<Guest>) => number | Promise<number>) | undefined
  >();
  expectTypeOf<Parameters<NonNullable<MockHandlers<Reception>['checkIn']>>>().toEqualTypeOf<[Plain<CheckIn>]>();
  expectTypeOf<ReturnType<NonNullable<MockHandlers<Reception>['checkIn']>>>().toEqualTypeOf<Room | Promise<Room>>();
  expectTypeOf(mockService(Reception, {})).toEqualTypeOf<MockService>();
  mockService(Reception, {
    bill: ({ name, age }) => {
      expectTypeOf(name).toEqualTypeOf<string>();
      expectTypeOf(age).toEqualTypeOf<number | undefined>();
      return 7;
    },
    checkIn: async ({ companions }) => ({ number: companions.length, keys: [] }),
    count: () => 3,
    close: async () => {},
  });
});

test('by contract as by class', () => {
  mockService(ReceptionContract, { bill: async ({ name }) => name.length });
  // @ts-expect-error a number is asked for
  void (() => mockService(ReceptionContract, { bill: async ({ name }) => name }));
});

test('a handler that answers something else is refused', () => {
  // @ts-expect-error a number is asked for
  void (() => mockService(Reception, { bill: async () => 'seven' }));
  // @ts-expect-error keys are missing
  void (() => mockService(Reception, { checkIn: async () => ({ number: 1 }) }));
  // @ts-expect-error nothing is answered
  void (() => mockService(Reception, { bill: () => {} }));
});

test('a handler that asks for what callers do not send is refused', () => {
  // @ts-expect-error requests have no room
  void (() => mockService(Reception, { bill: ({ room }) => room }));
  // @ts-expect-error the request comes plain, without methods
  void (() => mockService(Reception, { bill: (request) => request.greeting().length }));
});

test('methods that the service does not have are refused', () => {
  // @ts-expect-error there is no such method
  void (() => mockService(Reception, { checkOut: async () => 1 }));
  // @ts-expect-error a field is no method
  void (() => mockService(Reception, { rooms: () => 12 }));
});

test('mocks are listed as mocks', () => {
  void (() => createTestApp({ mocks: [mockService(Reception, {})] }));
  // @ts-expect-error the class itself is no mock
  void (() => createTestApp({ mocks: [Reception] }));
});
