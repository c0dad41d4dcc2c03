import { anything, Endpoint, Service, ServiceError } from 'tenon';

/** The methods that the examples of JSON-RPC's specification call. */
@Service('arithmetic')
export class Arithmetic {
  /** Takes `[42, 23]`, or `{ minuend: 42, subtrahend: 23 }`. */
  @Endpoint({ request: anything })
  async subtract(request: unknown): Promise<number> {
    const [minuend, subtrahend] = Array.isArray(request)
      ? (request as readonly unknown[])
      : [(request as Named).minuend, (request as Named).subtrahend];
    if (typeof minuend !== 'number' || typeof subtrahend !== 'number') {
      throw new ServiceError('InvalidArgument', 'subtract takes two numbers');
    }
    return minuend - subtrahend;
  }

  @Endpoint({ request: anything })
  async sum(numbers: unknown): Promise<number> {
    return (numbers as readonly number[]).reduce((total, one) => total + one, 0);
  }

  @Endpoint({ request: anything })
  async update(_values: unknown): Promise<void> {}

  @Endpoint({ request: anything })
  async getData(): Promise<readonly unknown[]> {
    return ['hello', 5];
  }
}

interface Named {
  readonly minuend?: unknown;
  readonly subtrahend?: unknown;
}
