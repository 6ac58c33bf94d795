// Which fields' contents stay in the visitor's browser. Decided here, before
// anything is queued; the server checks it again.

import { MASK } from '../ops';
import { attribute, areaValue, inputType, inputValue, isHTML, localName } from './dom';

/** Remembers what has been a password field: showing the password must not show it to followers. */
export class Masks {
  private readonly once = new WeakSet<Element>();
  /** Names and ids of password fields, for pages that swap in a text field to show a password. */
  private readonly names = new Set<string>();

  masked(element: Element): boolean {
    if (!isHTML(element)) return false;
    switch (localName(element)) {
      case 'input':
        return this.password(element) || secretPurpose(element);
      case 'textarea':
      case 'select':
        return secretPurpose(element);
      case 'option':
      case 'optgroup':
        return false;
    }
    return false;
  }

  /** Marks an element for good, because it is or was a password field. */
  stick(element: Element): void {
    this.once.add(element);
    for (const key of keys(element)) if (this.names.size < 1000) this.names.add(key);
  }

  private password(input: Element): boolean {
    if (this.once.has(input)) return true;
    const type = inputType(input);
    if (type === 'password' || (type === 'text' && keys(input).some((key) => this.names.has(key)))) {
      this.stick(input);
      return true;
    }
    return false;
  }
}

function keys(element: Element): string[] {
  const out: string[] = [];
  for (const name of ['name', 'id']) {
    const value = attribute(element, name);
    if (value) out.push(name + '=' + value);
  }
  return out;
}

function secretPurpose(element: Element): boolean {
  const tokens = (attribute(element, 'autocomplete') ?? '').toLowerCase().split(/\s+/);
  return tokens.some((t) => t.startsWith('cc-') || t === 'one-time-code' || t.endsWith('-password'));
}

/** What followers are told in place of a value. */
export const hidden = (value: string): string => (value === '' ? '' : MASK);

/**
 * An attribute of a masked element, without its value: pages copy what is
 * typed to `data-value`, `title` or `aria-valuetext`.
 */
export function maskedAttribute(element: Element, name: string, value: string): string {
  if (name === 'value') return hidden(value);
  const secret = localName(element) === 'input' ? inputValue(element) : localName(element) === 'textarea' ? areaValue(element) : '';
  const leaks = secret.length > 2 ? value.includes(secret) : secret !== '' && value === secret;
  return leaks ? MASK : value;
}
