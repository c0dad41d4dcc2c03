import { Injectable, Service, Subscribe } from 'tenon';
import { OrderPlaced } from './events.js';

/** Where mails go. An example has no mail server, so it keeps them. */
@Injectable()
export class Outbox {
  readonly sent: { readonly to: string; readonly text: string }[] = [];

  async send(to: string, text: string): Promise<void> {
    this.sent.push({ to, text });
  }
}

/** Thanks every customer once: the nodes of this service share the queue. */
@Service('mails', { version: '1.0.0' })
export class Mails {
  constructor(private readonly outbox: Outbox) {}

  @Subscribe(OrderPlaced, { queue: 'mails' })
  async thank({ orderId, customer, cents }: OrderPlaced): Promise<void> {
    await this.outbox.send(customer, `Thank you for order ${orderId} over ${(cents / 100).toFixed(2)}.`);
  }
}
