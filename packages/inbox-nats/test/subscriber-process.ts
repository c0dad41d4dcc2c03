import { openSync, writeSync } from 'node:fs';
import { natsBroker } from '@tenon/broker-nats';
import { silentLogger } from '@tenon/contract/authoring';
import { callContext, createApp, Interceptor, inbox, Logger, type Next, provide, Service, Subscribe } from 'tenon';
import { natsInbox } from '../src/index.js';

// A member of the queue `mails` in a process of its own:
// `subscriber-process.ts SERVER EFFECTS DELIVERIES [noted|unnoted AFTER]`.
//
// It writes the id of each effect to EFFECTS, and to DELIVERIES each event that comes and each that it acknowledges. What comes for the first
// time is handed back after it was handled, as where the acknowledgement is lost. With `noted` it begins no further effect after so
// many, waits until the store was told of all, and kills itself before the last is acknowledged; with `unnoted` it kills itself when
// there is exactly one effect of which the store was not told.

const [server = '', effectsPath = '', deliveriesPath = '', death = 'never', after = '0'] = process.argv.slice(2);
const [effects, deliveries] = [openSync(effectsPath, 'a'), openSync(deliveriesPath, 'a')];
const killAt = death === 'never' ? Number.POSITIVE_INFINITY : Number(after);
let count = 0;
/** Had their effect, and the store does not know. */
const unnoted = new Set<string>();
let alone = (): void => {};

@Service('mails')
export class Mails {
  @Subscribe('order.placed', {
    queue: 'mails',
    delivery: 'atLeastOnce',
    maxInFlight: 64,
    ackWaitMs: 3_000,
    backoff: { baseMs: 20, jitter: 0 },
  })
  async confirm(): Promise<void> {
    if (count >= killAt) await forever();
    count += 1;
    const id = idOfEvent();
    unnoted.add(id);
    writeSync(effects, `${id}\n`);
    if (count < killAt || death !== 'unnoted') return;
    if (unnoted.size > 1) await new Promise<void>((resolve) => (alone = resolve));
    await die();
  }
}

/** Bound before the inbox, so it stands outside: of what it sees the end, the store was told. */
const outside = provide(Interceptor, [], () => ({
  name: 'outside',
  places: ['server' as const],
  intercept: async (call: Parameters<Next>[0], next: Next) => {
    const id = idOfEvent();
    writeSync(deliveries, `came ${id} ${callContext().attempt}\n`);
    const reply = await next(call);
    unnoted.delete(id);
    if (count >= killAt) {
      if (death === 'noted' && unnoted.size === 0) await die();
      if (unnoted.size === 1) alone();
      await forever();
    }
    if (callContext().attempt === 1) throw new Error('the acknowledgement is lost');
    writeSync(deliveries, `acknowledged ${id} ${callContext().attempt}\n`);
    return reply;
  },
}));

function idOfEvent(): string {
  return callContext().delivery?.message.id ?? 'none';
}

/** Ends the process between two lines of its own code. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return forever();
}

function forever(): Promise<never> {
  return new Promise(() => {});
}

const app = await createApp({
  services: [Mails],
  profile: 'test',
  modules: [
    provide(Logger, [], () => silentLogger()),
    // The shortest, so that ids which are published again soon come again.
    natsBroker({ servers: [server], jetStream: { duplicateWindowMs: 1_000 } }),
    natsInbox({ servers: [server], bucket: 'mails' }),
    outside,
    inbox({ holdMs: 3_000 }),
  ],
});
process.on('disconnect', () => process.exit(1));
process.on('message', () => void app.drain().then(() => process.send?.('drained')));
await app.start();
process.send?.('started');
