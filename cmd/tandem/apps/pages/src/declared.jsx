import { $, steps } from './steps.js';

customElements.define('x-card', class extends HTMLElement { connectedCallback() { this.shadowRoot.querySelector('i').textContent = 'upgraded'; } });
steps({
  'in the shade': () => { $('x-card').shadowRoot.append('more'); },
  'a closed one inserted': () => { const p = document.createElement('p'); p.setHTMLUnsafe('<span><template shadowrootmode="closed"><b style="color:red">inserted</b></template></span>'); document.body.append(p); },
});
