// Each section of these pages tries one operation. `act` performs it at the
// leader; `probe` says what can be seen of it, and is asked on both sides; `hand`
// is what a person does before `act`: ["move", selector], ["click", selector],
// ["press", key], ["write", text].
window.operations = [];

function operation({ act = () => {}, probe, hand = [], settle = 0 }) {
  const root = document.currentScript.parentNode;
  operations.push({ name: root.id, probe: String(probe), hand, settle, act: () => act((s) => root.querySelector(s), root) });
}

const rule = (id, index = 0) => document.getElementById(id).sheet.cssRules[index];
const sheetOf = (text) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text); return sheet; };
