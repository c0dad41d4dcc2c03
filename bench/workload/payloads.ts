/** A request or reply of 24 bytes in MessagePack. */
export interface Small {
  readonly name: string;
  readonly n: number;
}

/** One of the records of a medium or large message: about 61 bytes in MessagePack, with the names of its fields. */
export interface Item {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly active: boolean;
  readonly quantity: number;
}

export interface Records {
  readonly items: readonly Item[];
}

/** What is sent: `small` goes to the endpoint of that name, the two others to `records`. */
export type PayloadName = 'small' | 'medium' | 'large';

/** The request of each size, the same for every contestant: 24 bytes, 1.2 KiB and 60 KiB in MessagePack. */
export const requests: { readonly small: Small; readonly medium: Records; readonly large: Records } = Object.freeze({
  small: Object.freeze({ name: 'Ada Lovelace', n: 7 }),
  medium: records(20),
  large: records(1_000),
});

/** What a validating contestant must refuse: 22 bytes with a text where a number belongs. */
export const invalidRequests: { readonly small: unknown; readonly medium: unknown; readonly large: unknown } =
  Object.freeze({
    small: Object.freeze({ name: 'Ada Lovelace', n: '7' }),
    medium: withBrokenItem(requests.medium),
    large: withBrokenItem(requests.large),
  });

function records(count: number): Records {
  const items = Array.from({ length: count }, (_, index) =>
    Object.freeze({
      id: 70_000 + index,
      name: `record-${String(index).padStart(4, '0')}`,
      price: index * 1.25 + 0.1,
      active: index % 3 !== 0,
      quantity: index % 100,
    }),
  );
  return Object.freeze({ items: Object.freeze(items) });
}

function withBrokenItem({ items }: Records): unknown {
  return { items: items.map((item, index) => (index === 7 ? { ...item, quantity: 'many' } : item)) };
}
