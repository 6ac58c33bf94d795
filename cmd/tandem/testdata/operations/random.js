// Random things that pages do to themselves. `shake(seed)` begins a run;
// `batch()` does some more and tells what it did, once frames have settled.

let state = 1;
let made = 0;
const roll = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const one = (list) => list[roll(list.length)];

function shake(seed) {
  state = seed;
  for (let i = 0; i < 5; i++) roll(2);
}

async function batch() {
  const done = [];
  for (let i = roll(10); i >= 0; i--) {
    const names = Object.keys(operations);
    const name = one(names);
    try {
      operations[name]();
      done.push(name);
    } catch (error) {
      done.push(`${name} (${error.name})`);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  return done.join(', ');
}

/** The documents there are: this one and those of frames. */
function documents(from = document) {
  const out = [from];
  for (const frame of from.querySelectorAll('iframe')) {
    const inner = frame.contentDocument;
    if (inner?.body) out.push(...documents(inner));
  }
  return out;
}

/** Elements below the body of some document, shadow trees included. */
function everything(root) {
  const out = [];
  for (const element of root.querySelectorAll('*')) {
    out.push(element);
    if (element.shadowRoot) out.push(...everything(element.shadowRoot));
  }
  return out;
}

function pick() {
  const { body } = one(documents());
  return one(everything(body)) ?? body;
}

/** Somewhere to put things: never inside what is put there, nor where nothing may be. */
function place(node) {
  const to = roll(4) === 0 ? pick().ownerDocument.body : pick();
  if (node.contains(to) || ['TEXTAREA', 'SCRIPT', 'IFRAME', 'STYLE', 'SELECT', 'TEMPLATE', 'INPUT', 'CANVAS'].includes(to.tagName)) return to.ownerDocument.body;
  for (let at = to; at; at = at.parentNode ?? at.host) if (at === node) return document.body;
  return to.shadowRoot && roll(2) ? to.shadowRoot : to;
}

/** Custom elements stay in their document: what they are in another is a matter of registries, which a mirror has not. */
const isCustom = (node) => node.localName?.includes('-') || everything(node).some((each) => each.localName.includes('-'));

function put(node, to = place(node)) {
  if (to.ownerDocument !== node.ownerDocument && isCustom(node)) to = node.ownerDocument.body;
  const kids = [...to.childNodes].filter((kid) => kid !== node);
  to.insertBefore(node, kids[roll(kids.length + 1)] ?? null);
}

const isBody = (node) => ['BODY', 'HEAD', 'HTML'].includes(node.tagName);
const some = () => `t${roll(100)}`;

function make() {
  const element = document.createElement(one(['div', 'span', 'p', 'ul', 'li', 'style', 'input', 'b', 'section']));
  if (roll(2)) element.append(some());
  if (roll(3) === 0) element.append(document.createElement('b'), document.createComment('c'));
  return element;
}

/** Frames cost a document each. */
function frame() {
  const all = document.querySelectorAll('iframe');
  return all.length > 6 ? one(all) : null;
}

const MARKUP = [
  '<i>a</i><u>b</u>', 'text', '', '<ul><li>1<li>2<li>3</ul>', '<svg viewBox="0 0 9 9"><path d="M0 0h9" fill="red"/></svg>',
  '<table><tr><td>c</table>', '<details><summary>s</summary>more</details>', '<math><mi>x</mi></math>', '<select><option>a<option selected>b</select>',
  '<textarea>area</textarea>', '<template><b>in</b></template>',
];

const operations = {
  insert: () => put(make()),
  remove: () => { const node = pick(); if (!isBody(node)) node.remove(); },
  move: () => { const node = pick(); if (!isBody(node)) put(node); },
  'move again': () => { const node = pick(); if (!isBody(node)) put(node); },
  wrap: () => { const node = pick(); const around = document.createElement(one(['div', 'span'])); if (!isBody(node)) { node.replaceWith(around); around.append(node); } },
  unwrap: () => { const node = pick(); if (!isBody(node)) node.replaceWith(...node.childNodes); },
  innerHTML: () => { pick().innerHTML = one(MARKUP); },
  outerHTML: () => { const node = pick(); if (!isBody(node)) node.outerHTML = one(MARKUP); },
  insertAdjacentHTML: () => pick().insertAdjacentHTML(one(['afterbegin', 'beforeend']), one(MARKUP)),
  setHTMLUnsafe: () => pick().setHTMLUnsafe?.('<div><template shadowrootmode="open"><b>s</b><slot></slot></template>light</div>'),
  textContent: () => { pick().textContent = some(); },
  attribute: () => pick().setAttribute(one(['class', 'id', 'data-a', 'style', 'title', 'hidden', 'dir']), one(['a', 'b c', 'color: red', 'rtl', ''])),
  'attribute removed': () => { const node = pick(); const name = one(node.getAttributeNames()); if (name && name !== 'src' && name !== 'srcdoc') node.removeAttribute(name); },
  text: () => { const text = one([...pick().childNodes].filter((n) => n.nodeType === 3)); if (text) text.data = 'a long text '.repeat(roll(9)) + some(); },
  splitText: () => { const text = one([...pick().childNodes].filter((n) => n.nodeType === 3)); if (text?.length > 1) text.splitText(1); },
  normalize: () => pick().normalize(),
  shuffle: () => { const node = pick(); const kids = [...node.childNodes]; for (let i = kids.length; i > 1; i--) node.append(kids[roll(i)]); },
  clone: () => { const node = pick(); if (!isBody(node) && everything(document.body).length < 300) put(node.cloneNode(true)); },
  surround: () => { const node = pick(); if (isBody(node)) return; const range = node.ownerDocument.createRange(); range.selectNode(node); range.surroundContents(node.ownerDocument.createElement('em')); },
  extract: () => { const node = pick(); if (!node.firstChild) return; const range = node.ownerDocument.createRange(); range.selectNodeContents(node); put(range.extractContents(), node.ownerDocument.body); },
  'there and back': () => { const node = pick(); const { parentNode, nextSibling } = node; if (isBody(node)) return; node.remove(); node.setAttribute('class', some()); parentNode.insertBefore(node, nextSibling); },
  shadow: () => { const node = pick(); if (['DIV', 'SPAN', 'P', 'SECTION'].includes(node.tagName) && !node.shadowRoot) node.attachShadow({ mode: 'open' }).innerHTML = '<b>s</b><slot></slot>'; },
  'in a shadow': () => { const host = one(everything(document.body).filter((e) => e.shadowRoot)); host?.shadowRoot.append(make()); },
  template: () => { const node = document.createElement('template'); node.innerHTML = one(MARKUP); put(node); node.content.append(make()); },
  value: () => { const field = one(everything(document.body).filter((e) => ['INPUT', 'TEXTAREA'].includes(e.tagName))); if (field) field.value = some(); },
  checked: () => { const field = document.createElement('input'); field.type = one(['checkbox', 'radio']); field.name = 'n'; put(field); field.checked = true; },
  select: () => { const field = one(everything(document.body).filter((e) => e.tagName === 'SELECT')); if (!field) return; if (roll(2)) field.append(new Option(some())); else field.selectedIndex = roll(3) - 1; },
  popover: () => { const node = pick(); if (isBody(node)) return; node.popover = 'manual'; node.togglePopover?.(); },
  dialog: () => { const node = document.createElement('dialog'); node.append(some()); put(node, document.body); node.show(); if (roll(2)) node.close(); },
  insertRule: () => { const sheet = sheets(); sheet?.insertRule(one([`.r${roll(9)} { top: ${roll(9)}px }`, `@media all { .m { color: red } }`]), roll(sheet.cssRules.length + 1)); },
  deleteRule: () => { const sheet = sheets(); if (sheet?.cssRules.length) sheet.deleteRule(roll(sheet.cssRules.length)); },
  'rule.style': () => { const rule = one([...(sheets()?.cssRules ?? [])]); if (rule?.style) rule.style.left = `${roll(9)}px`; },
  'rule within': () => { const rule = one([...(sheets()?.cssRules ?? [])]); if (rule?.media) rule.insertRule(`.n${roll(9)} { right: 1px }`, 0); },
  selectorText: () => { const rule = one([...(sheets()?.cssRules ?? [])]); if (rule?.selectorText) rule.selectorText = `.s${roll(9)}`; },
  'style text': () => { const style = one([...document.querySelectorAll('style')]); if (style) style.textContent = `.t${roll(9)} { left: 1px }`; },
  adopt: () => { const owner = one(documents()); const sheet = new owner.defaultView.CSSStyleSheet(); sheet.replaceSync(`.a { left: ${roll(9)}px }`); if (roll(3)) owner.adoptedStyleSheets.push(sheet); else owner.adoptedStyleSheets = []; },
  'empty frame': () => { const node = frame() ?? document.createElement('iframe'); put(node, document.body); if (node.contentDocument?.body) node.contentDocument.body.innerHTML = one(MARKUP); },
  'inline frame': () => { if (frame()) return; const node = document.createElement('iframe'); node.srcdoc = `<p>${one(MARKUP)}`; put(node, document.body); },
  'frame with an address': () => { if (frame()) return; const node = document.createElement('iframe'); node.src = one(['/frame.html', '/frame2.html', '/form.html']); put(node, document.body); },
  'frame elsewhere': () => { const node = one([...document.querySelectorAll('iframe[src]')]); if (node) node.src = one(['/frame.html', '/frame2.html', '/form.html']); },
  'frame moved': () => { const node = one([...document.querySelectorAll('iframe')]); if (node) put(node); },
  'frame removed': () => one([...document.querySelectorAll('iframe')])?.remove(),
  'document.write': () => { const inner = one(documents().slice(1)); if (!inner) return; inner.open(); inner.write(`<!doctype html><body><p>${one(MARKUP)}`); inner.write('<b>written</b>'); inner.close(); },
  'root replaced': () => {
    if (roll(8)) return;
    const root = document.createElement('html');
    root.append(document.createElement('head'), document.createElement('body'));
    root.lastChild.append(...document.body.childNodes);
    document.replaceChild(root, document.documentElement);
  },
  'define': () => { const name = `x-${made++}`; put(document.createElement(name)); if (roll(2)) customElements.define(name, class extends HTMLElement { connectedCallback() { this.textContent ||= 'custom'; } }); },
};

function sheets() {
  return one([...document.querySelectorAll('style')].map((e) => e.sheet).filter(Boolean));
}
