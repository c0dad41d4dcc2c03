import type { Fault, Flow, Outlet } from './fault.js';

/** No fault: everything arrives as it was sent. */
export class Pass implements Fault {
  readonly name = 'pass';

  flow(outlet: Outlet): Flow {
    return { take: (chunk) => outlet.send(chunk) };
  }
}
