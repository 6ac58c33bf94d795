// <swatch-picker label choices value cdn> is a row of materials in a closed
// shadow tree. It sends "pick" when the value changes.
const style = `
  :host { display: block; margin: 0 0 1.1rem; }
  p { margin: 0 0 .4rem; font-size: .85rem; font-weight: 600; }
  p span { font-weight: 400; color: #73695d; }
  div { display: flex; flex-wrap: wrap; gap: .5rem; }
  button { all: unset; cursor: pointer; width: 40px; height: 40px; border-radius: 50%; outline: 2px solid transparent; outline-offset: 2px; }
  button:focus-visible { outline-color: #73695d; }
  button[aria-pressed=true] { outline-color: #a94f2d; }
  img { display: block; width: 40px; height: 40px; border-radius: 50%; box-shadow: inset 0 0 0 1px #0002, 0 1px 2px #0003; }
`;

customElements.define('swatch-picker', class extends HTMLElement {
  #root = this.attachShadow({ mode: 'closed' });
  #built = false;

  get value() { return this.getAttribute('value'); }

  connectedCallback() {
    if (this.#built) return;
    this.#built = true;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    this.#root.adoptedStyleSheets = [sheet];
    const title = document.createElement('p'), row = document.createElement('div'), chosen = document.createElement('span');
    title.append(this.getAttribute('label') + ' ', chosen);
    chosen.textContent = this.value;
    for (const name of this.getAttribute('choices').split(' ')) {
      const button = document.createElement('button'), image = new Image(40, 40);
      button.type = 'button';
      button.setAttribute('aria-label', name);
      button.setAttribute('aria-pressed', String(name === this.value));
      image.src = `${this.getAttribute('cdn')}/cdn/swatch/${name}.png`;
      image.alt = '';
      button.append(image);
      button.addEventListener('click', () => {
        this.setAttribute('value', name);
        chosen.textContent = name;
        for (const other of row.children) other.setAttribute('aria-pressed', String(other === button));
        this.dispatchEvent(new CustomEvent('pick', { bubbles: true, detail: name }));
      });
      row.append(button);
    }
    this.#root.append(title, row);
  }
});
