/** Milliseconds of CPU time of this process: what others take of the machine falls on nobody. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
