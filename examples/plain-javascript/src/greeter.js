import { IsString } from 'class-validator';
import { createApp, Endpoint, InjectClient, Service } from 'tenon';

// A decorator is a function: in plain JavaScript it is called with what it would stand at.
class HelloRequest {
  name;
}
IsString()(HelloRequest.prototype, 'name');

export class Greeter {
  hello(request) {
    return { greeting: `Hello ${request.name}` };
  }
}
Endpoint({ request: HelloRequest, idempotent: true })(Greeter.prototype, 'hello');
Service('greeter')(Greeter);

export class Front {
  constructor(greeter) {
    this.greeter = greeter;
  }

  async welcome(request) {
    const { greeting } = await this.greeter.hello({ name: request.name });
    return { text: `${greeting}, and welcome` };
  }
}
Endpoint({ request: HelloRequest })(Front.prototype, 'welcome');
InjectClient(Greeter)(Front, undefined, 0);
Service('front')(Front);

const app = await createApp({ services: [Greeter, Front], profile: 'test' });
await app.start();
console.log(await app.client(Front).welcome({ name: 'Ada' }));
await app.close();
