import { $, root, steps } from './steps.js';

const token = crypto.randomUUID();
root().innerHTML = '<button id="pay">Pay</button> <output id="done"></output>';
$('#pay').onclick = async () => {
  const body = JSON.stringify({ token, nonce: crypto.randomUUID(), at: performance.now() });
  const { number } = await (await fetch('/pay', { method: 'POST', body })).json();
  $('#done').textContent = `paid ${number}`;
};
steps({});
