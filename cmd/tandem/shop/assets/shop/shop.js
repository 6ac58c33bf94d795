'use strict';
const $ = (selector, root = document) => root.querySelector(selector);

// Basket: the cookie is the truth, also after "back".
function showBasket() {
  const badge = $('#basket-count');
  if (!badge) return;
  const cart = filament.cookies().cart || '';
  const n = cart.split('~').filter(Boolean).reduce((sum, row) => sum + Number(row.split('.').pop()), 0);
  badge.textContent = n;
  badge.hidden = n === 0;
}
addEventListener('pageshow', showBasket);

// Live search: fetch, replace, and keep the address in step.
const filters = $('#filters');
if (filters) {
  const results = $('#results');
  let waiting, last = 0;

  const query = () => {
    const params = new URLSearchParams();
    for (const [name, value] of new FormData(filters)) {
      if (value && !(name === 'max' && value === '500')) params.set(name, value);
    }
    return params;
  };

  async function update(push) {
    const params = query(), turn = ++last;
    $('#max-text').textContent = params.has('max') ? '€' + params.get('max') : 'any price';
    const answer = await fetch(location.origin + '/api/search?' + params, { headers: { Accept: 'application/json' } });
    const { html, count } = await answer.json();
    if (turn !== last) return;
    results.innerHTML = html;
    $('#count').textContent = count;
    if (push) {
      const url = new URL('/lamps', location.href);
      url.search = params;
      history.pushState({ search: String(params) }, '', url);
    }
  }

  filters.addEventListener('input', (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(update, event.target.type === 'search' ? 180 : 60, true);
  });
  filters.addEventListener('submit', (event) => { event.preventDefault(); update(true); });
  addEventListener('popstate', () => {
    const params = new URLSearchParams(location.search);
    for (const field of filters.elements) {
      if (field.name) field.value = params.get(field.name) ?? (field.name === 'max' ? '500' : '');
    }
    update(false);
  });
}

// Product page: finish, scene, large picture, photo preview.
const picture = $('#picture');
if (picture) {
  let scene = 'day';
  const base = new URL(picture.src);
  const address = (time) => {
    const url = new URL(base);
    url.searchParams.set('finish', $('input[name=finish]:checked').value);
    if (time === 'evening') url.searchParams.set('scene', 'evening');
    return url.href;
  };
  const show = () => {
    picture.src = $('#large img').src = address(scene);
    for (const thumb of document.querySelectorAll('[data-scene]')) $('img', thumb).src = address(thumb.dataset.scene);
  };
  for (const radio of document.querySelectorAll('input[name=finish]')) radio.addEventListener('change', show);
  for (const thumb of document.querySelectorAll('[data-scene]')) {
    thumb.addEventListener('click', () => {
      scene = thumb.dataset.scene;
      for (const other of document.querySelectorAll('[data-scene]')) other.setAttribute('aria-pressed', String(other === thumb));
      show();
    });
  }
  $('#zoom').addEventListener('click', () => $('#large').showModal());
  $('#photo').addEventListener('change', (event) => {
    const [file] = event.target.files, preview = $('#photo-preview');
    preview.hidden = !file;
    if (file) preview.src = URL.createObjectURL(file);
  });
}

// Stock ticker over server-sent events.
const ticker = $('#ticker-text');
if (ticker) {
  const events = new EventSource('/events/stock');
  const show = (event) => {
    const { slug, name, left } = JSON.parse(event.data);
    ticker.textContent = event.type === 'sale' ? `Somebody just bought ${name} – ${left} left` : `${name}: ${left} left in the workshop`;
    const here = $('#left');
    if (here && here.dataset.slug === slug) here.textContent = left;
  };
  events.addEventListener('stock', show);
  events.addEventListener('sale', show);
  addEventListener('pagehide', () => events.close());
}

// Help is a pop-up; it may put a coupon into our basket.
for (const link of document.querySelectorAll('#help, .help-link')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    window.open(link.href, 'help', 'popup,width=460,height=680');
  });
}
addEventListener('message', (event) => {
  if (event.origin !== location.origin || event.data?.type !== 'coupon') return;
  document.cookie = 'coupon=' + encodeURIComponent(event.data.code) + '; path=/; max-age=86400; samesite=lax';
  filament.toast('Ten per cent off: ' + event.data.code);
  event.source.postMessage({ type: 'coupon-used' }, event.origin);
  if (location.pathname === '/cart') setTimeout(() => location.reload(), 900);
});
const useCode = $('#use-code');
if (useCode) {
  useCode.addEventListener('click', () => {
    if (!opener) {
      useCode.textContent = 'Open Help from the shop, please';
      return;
    }
    opener.postMessage({ type: 'coupon', code: useCode.dataset.code }, useCode.dataset.shop);
  });
  addEventListener('message', (event) => {
    if (event.origin === location.origin && event.data?.type === 'coupon-used') useCode.textContent = 'It is in your basket';
  });
}

// Checkout: the card stays in the frame of the payment service.
const checkout = $('#checkout');
if (checkout) {
  const frame = $('#payment'), pay = frame.dataset.origin, problem = $('#pay-problem'), place = $('#place');
  const note = $('#note'), wrap = $('#wrap');
  wrap.addEventListener('change', () => { $('#note-box').hidden = !wrap.checked; });
  checkout.addEventListener('submit', (event) => {
    event.preventDefault();
    $('#note-value').value = wrap.checked ? note.innerText : '';
    problem.hidden = true;
    place.disabled = true;
    frame.contentWindow.postMessage({ type: 'pay' }, pay);
  });
  addEventListener('message', (event) => {
    if (event.origin !== pay || event.source !== frame.contentWindow) return;
    const { type, height, receipt, text } = event.data;
    if (type === 'size') frame.height = height;
    if (type === 'problem') {
      problem.textContent = text;
      problem.hidden = false;
      place.disabled = false;
    }
    if (type === 'paid') {
      $('#receipt').value = receipt;
      checkout.submit();
    }
  });
}

// Chat with Liv, over a WebSocket that comes back when it breaks.
const chat = $('#chat');
if (chat) {
  const panel = $('#chat-panel'), log = $('#chat-log'), text = $('#chat-text'), status = $('#chat-status');
  let socket, seen = 0, wait = 500;

  function connect() {
    const url = new URL('/chat', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(url);
    socket.onopen = () => { status.textContent = 'here for you'; wait = 500; };
    socket.onmessage = (event) => show(JSON.parse(event.data));
    socket.onclose = () => {
      status.textContent = 'coming back…';
      setTimeout(connect, wait = Math.min(wait * 2, 8000));
    };
  }

  function show(message) {
    if (message.type === 'typing') {
      status.textContent = 'is writing…';
      return;
    }
    if (message.id <= seen) return;
    seen = message.id;
    status.textContent = 'here for you';
    const row = document.createElement('li');
    row.className = message.who === 'you' ? 'you' : 'them';
    row.textContent = message.text;
    log.append(row);
    log.scrollTop = log.scrollHeight;
  }

  function open(yes, focus) {
    panel.hidden = !yes;
    chat.dataset.state = yes ? 'open' : 'closed';
    $('#chat-open').setAttribute('aria-expanded', String(yes));
    sessionStorage.setItem('chat', yes ? 'open' : 'closed');
    if (yes && !socket) connect();
    if (yes && focus) text.focus();
  }

  $('#chat-open').addEventListener('click', () => open(panel.hidden, true));
  $('#chat-close').addEventListener('click', () => open(false));
  $('#chat-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!text.value.trim() || socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ text: text.value }));
    text.value = '';
  });
  if (sessionStorage.getItem('chat') === 'open') open(true);
}
