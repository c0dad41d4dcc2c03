import { ServiceError } from '@tenon/contract';
import { type ExitCode, exitCodes } from './exit-codes.js';

/** Why a command ends otherwise than well: what a person reads, and what a script gets. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What a call failed with. */
    readonly error?: ServiceError,
  ) {
    super(message);
  }

  static usage(message: string): Failure {
    return new Failure(exitCodes.usage, message);
  }

  static notFound(message: string): Failure {
    return new Failure(exitCodes.notFound, message);
  }

  /** What the registry rejected with. */
  static ofRegistry(registry: string, thrown: unknown): Failure {
    const error = ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
    return new Failure(
      exitCodes.registryUnavailable,
      `the registry ${registry} cannot be asked: ${error.rawMessage}`,
      error,
    );
  }

  /** What the broker rejected with. */
  static ofBroker(broker: string, thrown: unknown): Failure {
    const error = ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
    const exitCode = error.code === 'NotFound' ? exitCodes.notFound : exitCodes.registryUnavailable;
    return new Failure(exitCode, `the broker ${broker}: ${error.code}: ${error.rawMessage}`, error);
  }

  /** What a call rejected with. */
  static ofCall(thrown: unknown): Failure {
    const error = ServiceError.from(thrown);
    const exitCode = error.code === 'Unimplemented' ? exitCodes.notFound : exitCodes.callFailed;
    return new Failure(exitCode, `${error.code}: ${error.rawMessage}`, error);
  }
}
