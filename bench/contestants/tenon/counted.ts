import {
  type BuildPlan,
  type BuildTest,
  classValidator,
  Interceptor,
  type Module,
  provide,
  registrySelector,
  Selector,
  Validator,
  wrapped,
} from 'tenon';

/**
 * Tenon's parts with a tally around each: the run fails unless every one ran for every call. `validator`, the deadline
 * and the metadata as the handler's side sees them, one interceptor on each side, and the report on which all statistics
 * of nodes rest.
 */
export class Tally {
  #clientInterceptor = 0;
  #reported = 0;
  #validator = 0;
  #handledByInterceptor = 0;
  #handledWithDeadline = 0;
  #handledWithMetadata = 0;

  /** What a calling app is made with. */
  clientModules(): readonly Module[] {
    return [
      wrapped(
        registrySelector(),
        (inner): Selector => ({
          select: (service, options) => inner.select(service, options),
          report: (service, candidate, outcome) => {
            this.#reported += 1;
            inner.report(service, candidate, outcome);
          },
          close: () => inner.close(),
        }),
      ),
      this.clientInterceptor(),
    ];
  }

  /** The part of it that a local call has too: there is no node to choose, and nothing to learn about one. */
  clientInterceptor(): Module {
    return provide(
      Interceptor,
      [],
      (): Interceptor => ({
        name: 'count-calls',
        places: ['client'],
        intercept: (call, next) => {
          this.#clientInterceptor += 1;
          return next(call);
        },
      }),
    );
  }

  /** What an answering app is made with. */
  serverModules(): readonly Module[] {
    return [
      wrapped(
        classValidator(),
        (inner): Validator => ({
          compile: (schema) => {
            const compiled = inner.compile(schema);
            if (compiled === undefined) return undefined;
            const { validate } = compiled;
            const counting: typeof validate = (value) => {
              this.#validator += 1;
              return validate(value);
            };
            return { ...compiled, validate: counting, plan: this.#counted(compiled.plan) };
          },
        }),
      ),
      provide(
        Interceptor,
        [],
        (): Interceptor => ({
          name: 'count-handled',
          places: ['server'],
          intercept: (call, next) => {
            this.#handledByInterceptor += 1;
            if (Number.isFinite(call.deadline)) this.#handledWithDeadline += 1;
            if (call.metadata[metadataKey] === metadataValue) this.#handledWithMetadata += 1;
            return next(call);
          },
        }),
      ),
    ];
  }

  /** A plan is validation in the hands of a codec: its first rule counts the values that were read by it. */
  #counted(plan: BuildPlan | undefined): BuildPlan | undefined {
    const [first, ...rest] = plan?.fields ?? [];
    if (plan === undefined || first === undefined) return undefined;
    const counting: BuildTest = {
      holds: () => {
        this.#validator += 1;
        return true;
      },
    };
    return { ...plan, fields: [{ ...first, tests: [counting, ...first.tests] }, ...rest] };
  }

  clientCounts() {
    return { ...this.localCounts(), reported: this.#reported };
  }

  localCounts() {
    return { clientInterceptor: this.#clientInterceptor };
  }

  serverCounts() {
    return {
      validator: this.#validator,
      handledByInterceptor: this.#handledByInterceptor,
      handledWithDeadline: this.#handledWithDeadline,
      handledWithMetadata: this.#handledWithMetadata,
    };
  }
}

const metadataKey = 'x-tenant';
const metadataValue = 'bench';

/** What every call says: a deadline, and one pair of metadata. */
export const callOptions = Object.freeze({
  timeoutMs: 20_000,
  metadata: Object.freeze({ [metadataKey]: metadataValue }),
});

/** What every stream says: no deadline, since it may go on. */
export const streamOptions = Object.freeze({ metadata: callOptions.metadata });
