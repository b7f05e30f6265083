/**
 * What is chosen stands in the address after the #, so that it survives a reload, can be sent to a colleague, and needs
 * no storage. The admin token is never there.
 */
class Address {
  /** @returns {number | null} */
  get coupon() {
    const id = Number(this.parameters.get('coupon'));
    return Number.isSafeInteger(id) && id > 0 ? id : null;
  }

  /** @returns {'en' | 'ko' | null} */
  get language() {
    const wanted = this.parameters.get('lang');
    return wanted === 'en' || wanted === 'ko' ? wanted : null;
  }

  set language(language) {
    const parameters = this.parameters;
    parameters.set('lang', language ?? 'en');
    history.replaceState(null, '', `#${parameters}`);
  }

  /** @param {number} couponId */
  linkTo(couponId) {
    const parameters = this.parameters;
    parameters.set('coupon', String(couponId));
    return `#${parameters}`;
  }

  /** @param {() => void} listener */
  onChange(listener) {
    addEventListener('hashchange', listener);
  }

  get parameters() {
    return new URLSearchParams(location.hash.slice(1));
  }
}

export const address = new Address();
