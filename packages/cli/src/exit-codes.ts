/** What the process ends with, for scripts. */
export const exitCodes = Object.freeze({
  /** It was done. A watch that was ended by Ctrl-C was done too. */
  ok: 0,
  /** The call failed: the service answered with an error, or could not be reached. */
  callFailed: 1,
  /** Not asked at all: a wrong argument or option, or a registry whose package is not installed. */
  usage: 2,
  /** The registry cannot be reached, or refuses to be asked. */
  registryUnavailable: 3,
  /** There is no such service or endpoint. */
  notFound: 4,
  /** Ended by Ctrl-C before it was done. */
  interrupted: 130,
});

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
