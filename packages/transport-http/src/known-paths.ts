import { type RequestPath, readPath } from './request-path.js';

/** Paths that were read before. Reading one takes longer than all else in the head of a request. */
export class KnownPaths {
  readonly #known = new Map<string, RequestPath>();
  /** What was read last, where it is kept already. */
  #last: RequestPath | undefined = undefined;

  /**
   * Reads a path as `readPath` does.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, as `readPath` does.
   */
  read(path: string): RequestPath | undefined {
    this.#last = this.#known.get(path);
    return this.#last ?? readPath(path);
  }

  /** Keeps the path of an endpoint that exists, so that nobody can fill this with paths of his own. */
  keep(path: string, read: RequestPath): void {
    // One endpoint has as many paths as there are ways to percent-encode its name.
    if (this.#known.size < maxPaths && this.#last !== read) this.#known.set(path, read);
  }
}

const maxPaths = 1_024;
