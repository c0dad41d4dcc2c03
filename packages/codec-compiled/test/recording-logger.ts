import type { Logger } from '@tenon/contract';

/** Keeps what is warned of. */
export class RecordingLogger implements Logger {
  readonly warnings: { readonly message: string; readonly fields: unknown }[] = [];

  debug(): void {}
  info(): void {}
  error(): void {}

  warn(message: string, fields?: unknown): void {
    this.warnings.push({ message, fields });
  }

  child(): Logger {
    return this;
  }
}
