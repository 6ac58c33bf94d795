import { root, steps } from './steps.js';

root().innerHTML = `<nav><ul><li id="file" tabindex="0">File<ul><li>Open</li><li id="more">More<ul><li>Deep</li></ul></li></ul></li><li id="edit" tabindex="0">Edit<ul><li>Copy</li></ul></li></ul></nav>
<p><label>with focus <input id="inside"></label></p><p class="dark">dark or light</p>
<style>nav ul { list-style: none; padding: 4px; margin: 0; display: flex; gap: 20px } nav li { position: relative; padding: 2px 8px; background: #eee } nav li ul { display: none; position: absolute; top: 100%; left: 0; background: #def; border: 1px solid; z-index: 2; flex-direction: column }
nav li:hover > ul, nav > ul > li:focus-within > ul { display: flex } nav li:not(:hover) { color: #555 } li:has(> ul):hover::after { content: " ▾" } label:focus-within { background: #ffc } li:active { background: #fcc }
@media (hover: hover) { #edit:hover { color: green } } @media (prefers-color-scheme: dark) { .dark { background: #222; color: #fff } }</style>`;
steps({});
