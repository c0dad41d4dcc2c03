/**
 * The names of all that is kept in Redis and sent over its channels. Topics and queues have no `/`, so no two names are alike. Channels are
 * those of the whole server, whichever database: theirs is part of their names.
 */
export class Keyspace {
  readonly prefix: string;
  /** What the names of channels begin with. */
  readonly channels: string;

  constructor(prefix: string, db: number) {
    this.prefix = prefix;
    this.channels = db === 0 ? prefix : `${prefix}@${db}`;
  }

  /** What was published to a topic. */
  stream(topic: string): string {
    return `${this.prefix}/stream/${topic}`;
  }

  /** When what a group has in hand is anyone's again. */
  due(topic: string, group: string): string {
    return `${this.prefix}/due/${topic}/${group}`;
  }

  /** That a message was published already. */
  seen(topic: string, id: string): string {
    return `${this.prefix}/seen/${topic}/${id}`;
  }

  /** The topics that have a stream. */
  get topics(): string {
    return `${this.prefix}/topics`;
  }

  /** The groups of subscribers without a queue, with when they were heard of last. */
  get guests(): string {
    return `${this.prefix}/guests`;
  }

  /** The members of a queue at most once. */
  members(topic: string, queue: string): string {
    return `${this.prefix}/members/${topic}/${queue}`;
  }

  /** The queues of a topic at most once. */
  queues(topic: string): string {
    return `${this.prefix}/queues/${topic}`;
  }

  /** The queues of patterns at most once, with what the topics look like. */
  get patterns(): string {
    return `${this.prefix}/patterns`;
  }

  /** Where the messages of a topic go; of a pattern, as `PSUBSCRIBE` wants it, where those of its topics do and maybe others. */
  topicChannel(topic: string): string {
    return `${this.channels}/topic/${topic.replaceAll('>', '*')}`;
  }

  /** Where the messages for one member of a queue go. */
  memberChannel(member: string): string {
    return `${this.channels}/to/${member}`;
  }

  /** Where it is said that the stream of a topic has something new. */
  wakeChannel(topic: string): string {
    return `${this.channels}/wake/${topic}`;
  }
}
