/** A bar and how it came out, as the summary of all benches shows it. */
export interface Told {
  readonly bar: string;
  readonly found: string;
  readonly outcome: string;
}

/** Tells the command that started this bench how its bars came out: it lists those of all benches at its end. */
export function tell(bars: readonly Told[]): void {
  process.send?.({ bars: bars.map(({ bar, found, outcome }) => ({ bar, found, outcome })) });
}

/** Ends this bench, and with it what it started, when the command that started it has ended. */
export function endWithCommand(): void {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}
