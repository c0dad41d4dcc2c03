/** A piece of Lua that the server runs as one step, with nothing of anybody else's between. */
export interface Script {
  readonly name: string;
  readonly text: string;
}
