import assert from 'node:assert/strict';
import { type ClassValidatorOptions, compileDto } from '@tenon/validator-class';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { Contest } from '../harness/side-by-side.js';
import { Account, FiveFields, Order, Status } from './dto.js';

// Written as JavaScript and not compiled, so that its fields stay as they are: imported from where it stands.
const native = new URL('../../validator/native-fields.mjs', import.meta.url);
const { NativeFields } = (await import(native.href)) as typeof import('./native-fields.mjs');

const five = { name: 'Ada Lovelace', count: 3, price: 12.5, active: true, status: Status.paid };

const order = {
  id: 'o-17',
  items: Array.from({ length: 20 }, (_, index) => ({
    sku: `sku-${index}`,
    quantity: index + 1,
    price: index * 1.5,
    inStock: index % 2 === 0,
    status: Status.open,
  })),
};

const brokenOrder = {
  ...order,
  items: order.items.map((item, index) => (index === 7 ? { ...item, quantity: 0 } : item)),
};
const account = { id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', email: 'ada.lovelace@example.org' };
const foreignAccount = { ...account, email: 'käthe@exämple.org' };

/** What is measured, with the bar that each must reach. */
export const contests: readonly Contest[] = [
  contest('5 fields', FiveFields, five, 20),
  contest('5 fields, natively declared', NativeFields, five, 20),
  contest('20 nested records of 5 fields', Order, order, 50),
  contest('5 fields, closures only', FiveFields, five, 10, { generateCode: false }),
  contest('20 nested records of 5 fields, closures only', Order, order, 10, { generateCode: false }),
  contest('@IsEmail and @IsUUID', Account, account, 10),
  contest('@IsEmail on an address that is left to validator.js, and @IsUUID', Account, foreignAccount, 1),
  contest('20 nested records, one broken: refused', Order, brokenOrder, 1),
];

function contest(
  name: string,
  dto: new () => object,
  value: object,
  bar: number,
  options?: ClassValidatorOptions,
): Contest {
  const compiled = compileDto(dto, options);
  const accepts = (): boolean => {
    try {
      return compiled.validate(value) !== undefined;
    } catch {
      return false;
    }
  };
  const acceptsByClassValidator = (): boolean => validateSync(plainToInstance(dto, value)).length === 0;
  return {
    name,
    bar,
    ours: accepts,
    theirs: acceptsByClassValidator,
    verify: () => {
      const instance = plainToInstance(dto, value);
      assert.deepEqual(compiled.handedOver, []);
      assert.deepEqual(compiled.errors(value), validateSync(instance));
      assert.equal(accepts(), acceptsByClassValidator());
      if (accepts()) assert.deepEqual(compiled.validate(value), instance);
    },
  };
}
