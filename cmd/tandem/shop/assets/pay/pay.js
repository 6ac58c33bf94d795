'use strict';
// The payment frame. It speaks with the shop only, and only by its exact origin.
const form = document.getElementById('card');
const shop = form.dataset.shop;
const problem = document.getElementById('problem');
const tell = (message) => parent.postMessage(message, shop);
const size = () => tell({ type: 'size', height: document.documentElement.offsetHeight });

function complain(text) {
  problem.textContent = text;
  problem.hidden = false;
  size();
  tell({ type: 'problem', text });
}

async function pay() {
  problem.hidden = true;
  try {
    const answer = await fetch('/frame/confirm', { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const result = await answer.json();
    if (!answer.ok) return complain(result.problem);
    tell({ type: 'paid', receipt: result.receipt });
  } catch {
    complain('The payment service cannot be reached. Nothing was charged.');
  }
}

addEventListener('message', (event) => {
  if (event.origin === shop && event.source === parent && event.data?.type === 'pay') pay();
});
form.addEventListener('submit', (event) => { event.preventDefault(); });
form.elements.number.addEventListener('input', ({ target }) => {
  const digits = target.value.replace(/\D/g, '').slice(0, 19);
  target.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
});
addEventListener('load', size);
