import { $, root, steps } from './steps.js';

root().innerHTML = `<form><input type="date" value="2026-02-03"> <input type="time" value="10:20"> <input type="color" value="#336699"> <input id="range" type="range" max="10" value="3"> <input id="number" type="number" value="4" min="0" max="9">
<p><select id="one"><option>a<option>b<optgroup label="g"><option>c</optgroup></select> <select id="many" multiple size="3"><option>x<option selected>y<option>z</select> <input id="list" list="names"><datalist id="names"><option>Ada<option>Vic</datalist></p>
<p><label><input type="radio" name="r" checked>r1</label> <label><input type="radio" name="r">r2</label> <input id="check" type="checkbox"> <input type="file"> <progress id="progress" max="10" value="2"></progress> <meter id="meter" min="0" max="10" low="3" high="7" optimum="9" value="2"></meter></p>
<p><input id="mail" type="email" required> <output id="out">0</output> <textarea id="area">first</textarea> <input type="reset" value="Reset"></p></form><style>input:invalid { outline: 2px solid red } input:indeterminate { outline: 2px dotted blue } :disabled { opacity: 0.4 }</style>`;
steps({
  dates: () => { $('[type=date]').valueAsNumber = 864e5; $('[type=time]').value = '23:59'; $('[type=color]').value = '#ff0000'; },
  numbers: () => { $('#range').value = 9; $('#number').stepUp(3); $('#progress').value = 7; $('#meter').value = 8; $('#out').value = '7'; },
  indeterminate: () => { $('#check').indeterminate = true; $('#progress').removeAttribute('value'); },
  determinate: () => { $('#check').indeterminate = false; $('#check').checked = true; $('#progress').value = 4; },
  selects: () => { $('#one').selectedIndex = 2; $('#many').options[0].selected = true; $('#many').options[1].selected = false; },
  options: () => { $('#one').add(new Option('d', 'd', false, true), 0); $('#many').remove(2); },
  radios: () => { document.querySelectorAll('[type=radio]')[1].checked = true; },
  validity: () => { $('#mail').value = 'nobody'; $('#area').setCustomValidity('no'); $('#number').value = 12; },
  disabled: () => { $('#many').disabled = true; $('#area').readOnly = true; },
  text: () => { $('#area').value = 'second\nline'; $('#list').value = 'Ada'; },
  reset: () => document.forms[0].reset(),
});
