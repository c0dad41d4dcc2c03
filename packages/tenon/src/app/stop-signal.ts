/** Waits for this process being asked to stop. */
export interface StopSignal {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly first: Promise<void>;
  /** Resolves at the second: whoever asks twice does not want to wait. */
  readonly second: Promise<void>;
  /** Stops listening; the signals have their usual effect again. */
  dispose(): void;
}

/** Keeps the process alive until `dispose`, also where no socket does. */
export function untilStopSignal(): StopSignal {
  const resolvers: (() => void)[] = [];
  const next = (): Promise<void> => new Promise((resolve) => resolvers.push(resolve));
  const [first, second] = [next(), next()];
  const onSignal = (): void => resolvers.shift()?.();
  const keepAlive = setInterval(() => {}, longestIntervalMs);
  for (const signal of signals) process.on(signal, onSignal);
  return {
    first,
    second,
    dispose: () => {
      clearInterval(keepAlive);
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

const signals = ['SIGTERM', 'SIGINT'] as const;
const longestIntervalMs = 2 ** 31 - 1;
