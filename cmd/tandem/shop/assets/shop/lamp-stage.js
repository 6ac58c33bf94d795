// <lamp-stage design="…"> shows a lamp in an open shadow tree.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; border-radius: 18px; overflow: hidden; background: #e9dfcf; }
  svg { display: block; width: 100%; height: auto; }
  p { position: absolute; inset: auto 0 0; margin: 0; padding: 1rem; text-align: center; font-size: .85rem; opacity: .7; }
`);

customElements.define('lamp-stage', class extends HTMLElement {
  static observedAttributes = ['design', 'evening'];
  #turn = 0;

  constructor() {
    super();
    this.attachShadow({ mode: 'open' });
    this.shadowRoot.adoptedStyleSheets = [sheet];
  }

  attributeChangedCallback() { this.#draw(); }

  async #draw() {
    const turn = ++this.#turn;
    const url = new URL('/api/lamp.svg', location.origin);
    url.searchParams.set('design', this.getAttribute('design'));
    url.searchParams.set('evening', String(this.hasAttribute('evening')));
    const answer = await fetch(url);
    if (!answer.ok || turn !== this.#turn) return;
    const svg = await answer.text();
    if (turn === this.#turn) this.shadowRoot.innerHTML = svg;
  }
});
