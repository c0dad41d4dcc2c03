import { Built, ServiceError } from '@tenon/contract';
import type { CompiledDto } from '@tenon/validator-class';

/** The instance that a value becomes, or what is wrong with it. */
export type Outcome = { readonly instance: unknown } | { readonly refused: unknown; readonly message: string };

/** What a server makes of a value that was read: what is built stays as it is, and all else is for the validator. */
export async function judge(compiled: CompiledDto, heard: unknown): Promise<Outcome> {
  if (heard instanceof Built) return { instance: heard.value };
  try {
    return { instance: await compiled.validate(heard) };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { refused: thrown.details, message: thrown.message };
  }
}
