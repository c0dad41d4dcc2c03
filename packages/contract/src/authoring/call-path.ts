/**
 * Where an endpoint is called over HTTP: `/greeter/Greeter.Hello`, percent-encoded; undefined for a name that no path carries.
 * Specified in docs/wire/http.md.
 */
export function callPath(service: string, endpoint: string): string | undefined {
  if (!isPathName(service) || !isPathName(endpoint)) return undefined;
  return `/${encodeURIComponent(service)}/${encodeURIComponent(endpoint)}`;
}

/** Whether a name can be a part of such a path: letters, digits, and the marks that class, method and service names are written with. */
export function isPathName(name: string): boolean {
  return pathName.test(name);
}

const pathName = /^[\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$.:@+~-]{0,255}$/u;
