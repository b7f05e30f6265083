/** Work that is shared: whoever asks for what is under way already gets the outcome of that. */
export class SingleFlight<Key, T> {
  private readonly underWay = new Map<Key, Promise<T>>();

  /** True while work for the key is under way. */
  has(key: Key): boolean {
    return this.underWay.has(key);
  }

  /** The outcome of the work that is under way for the key; of `work`, begun now, where there is none. */
  run(key: Key, work: () => Promise<T>): Promise<T> {
    let flight = this.underWay.get(key);
    if (flight === undefined) {
      flight = work().finally(() => this.underWay.delete(key));
      this.underWay.set(key, flight);
    }
    return flight;
  }
}
