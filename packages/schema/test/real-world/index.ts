import { measurementDtos } from './measurements.js';
import { messageDtos } from './messages.js';
import { moneyDtos } from './money.js';
import { orderDtos } from './orders.js';
import { peopleDtos } from './people.js';
import type { RealWorldDto } from './real-world-dto.js';
import { recordDtos } from './records.js';
import { searchDtos } from './search.js';

export type { RealWorldDto } from './real-world-dto.js';

/** Thirty DTOs of the kind that services have: what a layout and a plan must cover to be worth something. */
export const realWorldDtos: readonly RealWorldDto[] = [
  ...orderDtos,
  ...moneyDtos,
  ...peopleDtos,
  ...searchDtos,
  ...messageDtos,
  ...recordDtos,
  ...measurementDtos,
];
