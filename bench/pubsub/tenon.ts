import { IsInt, IsString, MaxLength, Min } from 'class-validator';
import { type App, createApp, Event, natsBroker, Service, Subscribe } from 'tenon';
import type { Closing, Sample, Sending, Settings } from './orders.js';

// Tenon whole: decorated classes, dependency injection, the typed publisher, compiled validation on both sides.

export async function receive(settings: Settings, seen: (sample: Sample) => void): Promise<Closing> {
  const event = eventOf(settings.topic);
  const { isKept, maxInFlight } = settings;

  @Service('listener')
  class Listener {
    @Subscribe(event, isKept ? { queue: settings.topic, maxInFlight, startFrom: 'first', delivery: 'atLeastOnce' } : {})
    async heard(message: Sample): Promise<void> {
      seen(message);
    }
  }

  const app = await started(settings, [Listener]);
  return { close: () => app.close() };
}

export async function send(settings: Settings): Promise<Sending> {
  const event = eventOf(settings.topic);
  const app = await started(settings, []);
  const publisher = app.publisher(event);
  const { metadata, isKept } = settings;
  const options = { ...(metadata === undefined ? {} : { metadata }), ...(isKept ? { delivery: 'atLeastOnce' } : {}) };
  return {
    publish: (sample) => publisher.publish(sample, options as object),
    close: () => app.close(),
  };
}

async function started({ nats, envelope }: Settings, services: readonly (new () => object)[]): Promise<App> {
  const broker = natsBroker({ servers: [nats], ...(envelope === undefined ? {} : { envelope }) });
  const app = await createApp({ profile: 'test', services, modules: [broker], log: { level: 'error' } });
  await app.start();
  return app;
}

function eventOf(topic: string): new () => Sample {
  @Event(topic)
  class SampleEvent implements Sample {
    @IsInt() @Min(0) seq!: number;
    @IsString() @MaxLength(4_096) text!: string;
  }
  return SampleEvent;
}
