import { $, root, steps } from './steps.js';

root().innerHTML = `<dialog id="a"><p>modal a</p><button autofocus>ok</button></dialog><dialog id="b"><p>modal b</p></dialog><dialog id="c">plain c</dialog>
<div id="p" popover="manual" style="inset:auto;left:300px;top:30px">popover p</div><div id="q" popover style="inset:auto;left:200px;top:150px">popover q</div>
<details id="d1" name="n"><summary>one</summary>first</details><details id="d2" name="n"><summary>two</summary>second</details>
<style>dialog { width: 160px } #b { left: 200px; margin-left: 0 } #a::backdrop { background: rgb(255 0 0 / 0.2) } #b::backdrop { background: rgb(0 0 255 / 0.3) }</style>`;
steps({
  'a, modal': () => $('#a').showModal(),
  'b above': () => $('#b').showModal(),
  'a popover above both': () => $('#p').showPopover(),
  'a closed and opened: above all': () => { $('#a').close(); $('#a').showModal(); },
  'b closed': () => $('#b').close(),
  'all closed': () => { $('#a').close(); $('#p').hidePopover(); },
  'an auto popover': () => $('#q').showPopover(),
  'ended by a dialog': () => { $('#q').hidePopover(); $('#c').show(); },
  details: () => { $('#d1').open = true; },
  'the other of the name': () => { $('#d2').open = true; },
});
