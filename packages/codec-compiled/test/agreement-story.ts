import { Built, ServiceError } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { encoded, Pair } from './linked-pair.js';
import { classOf, decimal, integer, type MadeFields, nestedList, optional, text } from './made-classes.js';

/** One value of a connection: what it is written as, and what the server makes of it. */
export interface Told {
  readonly form: number | undefined;
  readonly hex: string;
  readonly class: string;
  readonly outcome: unknown;
}

const line: MadeFields = { sku: text(), amount: integer() };
const first: MadeFields = { customer: text(), price: decimal(), lines: nestedList(line) };
const good = { customer: 'größe', price: 1.5, lines: [{ sku: 'a', amount: 3 }] };
const values = [good, good, { ...good, price: Number.NaN }, { ...good, unknown: 1 }, { ...good, customer: 7 }, good];

/** Whole agreements with the same class, with one that reads it, and with one that refuses: all that is said and made of it. */
export function agreement(): readonly Told[] {
  const others = [first, { ...first, note: optional(text()), price: undefined }, { ...first, customer: integer() }];
  return others.flatMap((fields) => {
    const known = Object.entries(fields).filter(([, field]) => field !== undefined);
    const [written, read] = [classOf('Order', first), classOf('Order', Object.fromEntries(known) as MadeFields)];
    const compiled = compileDto(read);
    const pair = new Pair();
    return values.map((value): Told => {
      const { bytes, heard } = pair.say(value, written, read, compiled.plan);
      let outcome: unknown;
      try {
        outcome = heard instanceof Built ? heard.value : compiled.validate(heard);
      } catch (thrown) {
        if (!(thrown instanceof ServiceError)) throw thrown;
        outcome = { message: thrown.message, details: thrown.details };
      }
      const { name } = (outcome as object).constructor;
      const plainly = JSON.parse(JSON.stringify(outcome)) as unknown;
      return { form: bytes[0], hex: bytes.toString('hex'), class: name, outcome: plainly };
    });
  });
}

/** Whether the codec builds what it reads, and does not leave it to the validator. */
export function buildsByCodec(): boolean {
  const dto = classOf('Order', first);
  const pair = new Pair();
  const { plan } = compileDto(dto);
  pair.say(good, dto, dto);
  const bytes = encoded(pair.client.session, good, dto);
  return pair.server.session.decoder(dto, plan)(bytes, 0, bytes.length) instanceof Built;
}
