/** One key for each node of each service. */
export function keyOf(service: string, nodeId: string): string {
  return JSON.stringify([service, nodeId]);
}
