// What the measurements do to the page. Each function is called by name from outside.
const place = () => document.getElementById('place');
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise((done) => requestAnimationFrame(done));

const longTasks = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) longTasks.push(entry); }).observe({ type: 'longtask' });

/** Runs something as a task of its own, as a page would. */
const task = (what) => new Promise((done) => setTimeout(() => done(what())));

/** A table of n rows and 5 columns, by nodes or by text. */
function insertRows(n, how) {
  if (how === 'text') {
    let html = '<table>';
    for (let i = 0; i < n; i++) html += `<tr id="r${i}"><td>${i}</td><td>name ${i}</td><td class="c">${i * 7919 % 10007}</td><td>note</td><td>${i % 97}</td></tr>`;
    place().innerHTML = html + '</table>';
    return;
  }
  const table = document.createElement('table');
  for (let i = 0; i < n; i++) {
    const row = document.createElement('tr');
    row.id = 'r' + i;
    for (const text of [i, 'name ' + i, i * 7919 % 10007, 'note', i % 97]) {
      const cell = document.createElement('td');
      cell.textContent = text;
      row.append(cell);
    }
    row.children[2].className = 'c';
    table.append(row);
  }
  place().append(table);
}

/** n elements in lines of 50, of which the lines out of sight are not drawn. */
function fill(n) {
  let html = '';
  for (let i = 0; i < n; i++) html += (i % 50 === 0 ? '<ul>' : '') + `<i style="left:${24 * (i % 50)}px">${i}</i>`;
  place().innerHTML = html;
}

/** Changes `some` elements on every frame, for a time; how many frames there were in a second. */
async function churn(some, ms) {
  const all = place().querySelectorAll('i');
  await frame();
  const begun = performance.now();
  let frames = 0;
  for (let at = 0; performance.now() - begun < ms; frames++) {
    for (let i = 0; i < some; i++, at++) {
      const element = all[at * 31 % all.length];
      if (i % 2) element.firstChild.data = frames;
      else element.className = frames % 2 ? 'on' : '';
    }
    await frame();
  }
  return frames / (performance.now() - begun) * 1000;
}

/** Mounts and unmounts a frame or a shadow tree n times. */
async function cycle(n, kind) {
  for (let i = 0; i < n; i++) {
    const host = document.createElement(kind === 'frame' ? 'iframe' : 'div');
    if (kind === 'frame') {
      const loaded = new Promise((done) => host.addEventListener('load', done, { once: true }));
      host.src = '/inner.html';
      place().append(host);
      await loaded;
      await rest(30);
    } else {
      const root = host.attachShadow({ mode: i % 2 ? 'open' : 'closed' });
      root.innerHTML = '<style>p { color: green }</style><p>in the shade</p><slot></slot>';
      host.append('light');
      place().append(host);
      root.firstChild.sheet.insertRule('p { margin: 0 }');
      await rest(20);
    }
    host.remove();
    if (i % 10 === 0) await rest(10);
  }
}

/** Changes a text n times, some time apart, and tells when each change was on the screen (or as good as). */
async function tick(n, apart) {
  const times = {};
  const counter = document.getElementById('counter').firstChild;
  for (let i = 1; i <= n; i++) {
    counter.data = 'change ' + i;
    await frame();
    times[i] = performance.timeOrigin + performance.now();
    await rest(apart + i * 7 % 23);
  }
  return times;
}

/** The same at the follower: when each change was seen in a frame. `of` is the document to look into. */
function watch(of) {
  const seen = globalThis.seen = {};
  const look = () => {
    const text = of()?.getElementById('counter')?.textContent ?? '';
    const n = text.startsWith('change ') ? Number(text.slice(7)) : 0;
    if (n && !seen[n]) seen[n] = performance.timeOrigin + performance.now();
    requestAnimationFrame(look);
  };
  look();
}

/** Notes when a large page is complete at the follower: its last line, its style sheet and its pictures. */
function whenComplete(of) {
  const look = () => {
    const last = of()?.getElementById('last');
    const styled = last && last.ownerDocument.defaultView.getComputedStyle(last).color === 'rgb(0, 0, 255)';
    if (styled && [...last.ownerDocument.images].every((image) => image.naturalWidth > 0)) globalThis.completeAt = performance.timeOrigin + performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

/** A class that comes and goes, and a card of a shop: what changes of a page at work look like. */
const toggle = () => document.getElementById('counter').classList.toggle('on');
let cards = 0;
function card() {
  const name = ['Espresso', 'Cortado', 'Flat white', 'Ristretto', 'Americano', 'Macchiato'][cards++ % 6];
  place().insertAdjacentHTML('beforeend', `<div class="card"><h3>${name}</h3><p>From ${2 + cards % 4}.50 €</p><button class="buy" data-id="${400 + cards}">Add to cart</button></div>`);
}
