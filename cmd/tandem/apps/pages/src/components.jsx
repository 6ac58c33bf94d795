import { css, html, LitElement } from 'lit';
import { $, root, steps } from './steps.js';

class Item extends LitElement {
  static properties = { label: {}, on: { type: Boolean } };
  static styles = css`:host { display: block; padding: 2px } :host(:state(on)) { background: #cfc } b { color: teal } ::slotted(i) { color: crimson }`;
  #internals = this.attachInternals();
  updated() { this.#internals.states[this.on ? 'add' : 'delete']('on'); }
  render() { return html`<b>${this.label}</b> <slot></slot> <input .value=${this.label ?? ''}>`; }
}
class Shut extends LitElement {
  static properties = { n: { type: Number } };
  static shadowRootOptions = { mode: 'closed' };
  static styles = css`p { margin: 0; border: 1px dashed; height: calc(20px + 5px * var(--n, 0)) }`;
  render() { return html`<p>shut ${this.n} <x-item label="deep"><i>slotted</i></x-item></p>`; }
}
class List extends LitElement {
  static properties = { items: { attribute: false } };
  constructor() { super(); this.items = ['a', 'b', 'c']; }
  render() { return html`${this.items.map((i) => html`<x-item label=${i} ?on=${i === 'b'}><i>${i}</i></x-item>`)}<slot name="end"></slot>`; }
}
root().innerHTML = '<x-list><u slot="end">the end</u></x-list><x-shut></x-shut><x-late>late</x-late><style>x-late:not(:defined) { color: silver }</style>';
customElements.define('x-item', Item);
customElements.define('x-list', List);
customElements.define('x-shut', Shut);
const sheet = new CSSStyleSheet();
sheet.replaceSync(':host { outline: 1px solid orange }');

steps({
  'items changed': async () => { $('x-list').items = ['c', 'b', 'd', 'a']; await $('x-list').updateComplete; },
  'a property of the closed one': async () => { $('x-shut').n = 3; await $('x-shut').updateComplete; },
  'a sheet pushed': () => { $('x-list').shadowRoot.adoptedStyleSheets.push(sheet); },
  'and replaced': () => { sheet.replaceSync(':host { outline: 2px solid blue; display: block }'); },
  'defined late': () => { customElements.define('x-late', class extends HTMLElement { connectedCallback() { this.attachShadow({ mode: 'closed' }).innerHTML = '<em>in</em> <slot></slot>'; } }); },
  'another slot': () => { $('u').slot = 'nowhere'; },
});
