import { $, root, steps } from './steps.js';

const canary = (n) => `canary${n}x7q`;
root().innerHTML = `<input id="pw" type="password" value="${canary(1)}"> <input id="cc" autocomplete="cc-number" value="${canary(2)}"> <input id="otp" autocomplete="one-time-code"> <span id="swap"><input name="pin" type="password" value="${canary(3)}"></span><p>plain</p>`;
steps({
  typed: () => { $('#otp').value = canary(5); $('#pw').setAttribute('value', canary(6)); },
  revealed: () => { $('#pw').type = 'text'; $('#pw').value = canary(7); },
  'another node in its place': () => { $('#swap').innerHTML = `<input name="pin" type="text" value="${canary(8)}">`; },
  'hidden again': () => { $('#pw').type = 'password'; $('#cc').defaultValue = canary(9); },
});
