import 'reflect-metadata';
import { createTestApp, mockService } from '@tenon/testing';
import {
  ClientOf,
  contract,
  Endpoint,
  Injectable,
  InjectClient,
  InjectPublisher,
  Publisher,
  Service,
  Subscribe,
} from 'tenon';
import { expect, expectTypeOf, test } from 'vitest';
import { CheckedIn, Guest, Reception } from './reception.js';

// Every type that stands in a decorated signature is there at run time as well: a plain import, without `type`, does.

const ReceptionContract = contract<Reception>()('reception', { as: 'Reception' });

@Injectable()
class Guestbook {
  readonly guests: string[] = [];
}

@Service('concierge')
class Concierge {
  constructor(
    @InjectClient(Reception) readonly byClass: ClientOf<Reception>,
    @InjectClient(ReceptionContract) readonly byContract: ClientOf<Reception>,
    @InjectPublisher(CheckedIn) readonly checkedIn: Publisher<CheckedIn>,
    readonly guestbook: Guestbook,
  ) {}

  @Endpoint()
  async welcome(guest: Guest): Promise<number> {
    const sum = (await this.byClass.bill(guest)) + (await this.byContract.bill({ name: guest.name }));
    await this.checkedIn.publish({ room: sum, guest });
    return sum;
  }

  @Subscribe(CheckedIn)
  onCheckedIn({ guest }: CheckedIn): void {
    this.guestbook.guests.push(guest.greeting());
  }
}

test('the compiler emitted a class for every parameter', () => {
  expect(Reflect.getMetadata('design:paramtypes', Concierge)).toEqual([Object, Object, Publisher, Guestbook]);
  expect(Reflect.getMetadata('design:paramtypes', Concierge.prototype, 'welcome')).toEqual([Guest]);
  expect(Reflect.getMetadata('design:paramtypes', Concierge.prototype, 'onCheckedIn')).toEqual([CheckedIn]);
});

test('ClientOf and Publisher are values as well as types', () => {
  expect(ClientOf).toBeTypeOf('function');
  expect(Publisher).toBeTypeOf('function');
  expectTypeOf<Publisher<CheckedIn>>().toHaveProperty('publish');
});

test('and what is injected by them works', async () => {
  await using app = await createTestApp({
    services: [Concierge],
    mocks: [mockService(Reception, { bill: ({ name }) => name.length })],
  });
  expect(await app.client(Concierge).welcome({ name: 'Ada' })).toBe(6);
  await expect.poll(() => app.get(Guestbook).guests).toEqual(['Hello Ada']);
});
