import { codes, type ServiceError } from '@tenon/contract';

/** What `$SRV.STATS` tells of one endpoint, whoever called it over this transport. Times in nanoseconds. */
export interface EndpointFigures {
  readonly num_requests: number;
  readonly num_errors: number;
  readonly last_error: string;
  readonly processing_time: number;
  readonly average_processing_time: number;
}

/** Counts the calls of one endpoint, from when they were read to when they were answered. */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = '';
  #tookNs = 0;

  ended(tookMs: number, error: ServiceError | undefined): void {
    this.#requests += 1;
    this.#tookNs += Math.max(0, Math.round(tookMs * 1e6));
    if (error === undefined) return;
    this.#errors += 1;
    this.#lastError = `${codes[error.code].httpStatus}:[${error.code}] ${error.rawMessage.slice(0, 256)}`;
  }

  get figures(): EndpointFigures {
    return {
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: this.#tookNs,
      average_processing_time: this.#requests === 0 ? 0 : Math.round(this.#tookNs / this.#requests),
    };
  }
}
