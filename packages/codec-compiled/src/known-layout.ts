import { type BuildPlan, type Encoder, ServiceError, type Sink } from '@tenon/contract';
import { encodeLayout, type Layout, layoutHash } from '@tenon/schema';
import { compileBuilder, type LayoutBuilder } from './engine/layout-builder.js';
import { compileReader, type LayoutReader } from './engine/layout-reader.js';
import { compileWriter, type LayoutWriter } from './engine/layout-writer.js';

/** A layout with what was compiled from it, each part at its first use. */
export class KnownLayout {
  readonly hash: string;
  readonly #generateCode: boolean;
  #bytes: Buffer | undefined;
  #writer: LayoutWriter | undefined;
  #reader: LayoutReader | undefined;
  readonly #builders = new Map<BuildPlan, LayoutBuilder | undefined>();

  /** @param generateCode - never for a layout that a peer told. */
  constructor(
    readonly layout: Layout,
    generateCode: boolean,
  ) {
    this.hash = layoutHash(layout);
    this.#generateCode = generateCode;
  }

  /** Its binary form. */
  get bytes(): Buffer {
    this.#bytes ??= encodeLayout(this.layout);
    return this.#bytes;
  }

  get writer(): LayoutWriter {
    this.#writer ??= compileWriter(this.layout, { generateCode: this.#generateCode });
    return this.#writer;
  }

  /**
   * Writes a value by it. False, with the position as before, where the value has to go plain: it does not fit, or there is
   * something in it that the plain encoder refuses, which names the place of that only where it has the whole value.
   */
  write(value: unknown, sink: Sink, plain: Encoder): boolean {
    try {
      return this.writer(value, sink, plain);
    } catch (thrown) {
      if (thrown instanceof ServiceError && thrown.code === 'InvalidArgument') return false;
      throw thrown;
    }
  }

  get reader(): LayoutReader {
    this.#reader ??= compileReader(this.layout, { generateCode: this.#generateCode });
    return this.#reader;
  }

  builder(plan: BuildPlan): LayoutBuilder | undefined {
    if (!this.#builders.has(plan)) {
      this.#builders.set(plan, compileBuilder(this.layout, plan, { generateCode: this.#generateCode }));
    }
    return this.#builders.get(plan);
  }
}
