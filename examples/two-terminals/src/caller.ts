import { createApp, Service, Subscribe } from 'tenon';
import { Asked, ClockService } from './clock-service.js';

// The second terminal: finds the service through etcd, calls it, and hears its events through NATS.
@Service('listener')
class Listener {
  heard = 0;

  @Subscribe(Asked)
  onAsked(event: Asked): void {
    this.heard += 1;
    console.log(`somebody asked for the time in ${event.zone}`);
  }
}

const app = await createApp({ services: [Listener], profile: 'standard' });
await app.start();
const clock = app.client(ClockService);
const zones = ['Europe/Paris', 'Asia/Tokyo', 'America/New_York'];
for (const zone of zones) {
  const reply = await clock.time({ zone });
  console.log(`it is ${reply.time} in ${reply.zone}, says process ${reply.servedBy}`);
}
while (app.get(Listener).heard < zones.length) await new Promise((resolve) => setTimeout(resolve, 20));
await app.close();
