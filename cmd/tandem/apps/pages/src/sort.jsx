import Sortable from 'sortablejs';
import { $, root, steps } from './steps.js';

root().innerHTML = `<style>#list { list-style: none; padding: 0; width: 200px } #list li { border: 1px solid #888; margin: 4px; padding: 6px; background: #eef } .sortable-ghost { opacity: 0.3 }</style>
<ul id="list">${['apple', 'pear', 'plum', 'fig', 'quince'].map((n) => `<li id="${n}">${n}</li>`).join('')}</ul><p id="order"></p>`;
Sortable.create($('#list'), { animation: 0, forceFallback: true, fallbackTolerance: 2, onEnd: () => { $('#order').textContent = [...$('#list').children].map((e) => e.id).join(); } });
steps({});
