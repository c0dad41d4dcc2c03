import type { Meter } from '../meter.js';

/** A meter that keeps nothing, for where nobody bound one. */
export function silentMeter(): Meter {
  return new SilentMeter();
}

class SilentMeter implements Meter {
  counter(): { add(): void } {
    return { add: ignore };
  }

  gauge(): { set(): void } {
    return { set: ignore };
  }

  histogram(): { record(): void } {
    return { record: ignore };
  }
}

function ignore(): void {}
