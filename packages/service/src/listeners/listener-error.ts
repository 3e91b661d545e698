/** A listener that can't be opened; the message says what to change. */
export class ListenerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ListenerError';
  }
}
