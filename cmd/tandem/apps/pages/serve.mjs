// Serves the pages, each a script of its own in one and the same document, and
// the little that some of them ask a server for.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

const paid = [];

const page = (name) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title>
<style>body { font: 14px/1.4 Arial, sans-serif; margin: 12px } * { caret-color: transparent }</style></head>
<body><main id="root"></main><script src="/dist/${name}.js"></script></body></html>`;

const square = (color) => `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80"><rect width="120" height="80" fill="#${color}"/></svg>`;

const words = (i) => ['harbour', 'lantern', 'cedar', 'gravel', 'violin', 'winter', 'meadow', 'copper'].map((w, j) => (i * 7 + j * 3) % 5 ? w : w + 's').join(' ');

/** A long read of some 6,000 nodes, with pictures that load late and in sizes. */
function article() {
  let html = '';
  for (let i = 0; i < 420; i++) {
    html += `<section id="s${i}"><h2><a href="#s${i}">${words(i)}</a></h2><p>${words(i + 1)} <em>${words(i + 2)}</em> <a href="/article">${words(i)}</a>, <b>${i}</b>.</p><p>${words(i + 3)} <code>x${i}</code> ${words(i)}</p></section>`;
    if (i % 14 === 0) html += `<figure><img loading="lazy" width="120" height="80" alt="" src="/square/${i}aa" srcset="/square/0${String(i).padStart(3, '0')}1 1x, /square/ff${String(i).padStart(4, '0')} 2x"><figcaption>${words(i)}</figcaption></figure>`;
  }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>article</title><style>body { font: 15px/1.5 Georgia, serif; max-width: 40em; margin: 1em auto } h2 { position: sticky; top: 0; background: #fff }</style></head><body>${html}<script src="/dist/article.js"></script></body></html>`;
}

/** Declarative shadow roots that come a little at a time. */
async function streamed(response) {
  const pieces = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>declared</title></head><body><x-card><template shadowrootmode="open"><style>:host { display: block; border: 1px solid } ::slotted(b) { color: green }</style><p>open <slot></slot>',
    '</p><i>in the shade</i></template><b>light</b></x-card><div id="shut"><template shadowrootmode="closed"><style>p { color: purple }</style><p>closed, ',
    'later</p><div><template shadowrootmode="open"><u>nested</u></template></div>', '<slot></slot></template><b>light too</b></div>', '<script src="/dist/declared.js"></script></body></html>',
  ];
  for (const piece of pieces) {
    response.write(piece);
    await new Promise((done) => setTimeout(done, 400));
  }
  response.end();
}

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://pages');
  const send = (type, body) => response.writeHead(200, { 'Content-Type': type }).end(body);
  const html = (body) => send('text/html; charset=utf-8', body);
  if (pathname.startsWith('/dist/')) {
    const body = await readFile('.' + pathname.replaceAll('..', '')).catch(() => null);
    return body ? send('text/javascript', body) : response.writeHead(404).end();
  }
  if (pathname.startsWith('/square/')) return send('image/svg+xml', square(pathname.slice(8).padEnd(6, '0').slice(0, 6)));
  if (pathname === '/favicon.ico') return response.writeHead(204).end();
  if (pathname === '/paid') return send('application/json', JSON.stringify(paid));
  if (pathname === '/pay') {
    let body = '';
    for await (const part of request) body += part;
    paid.push(JSON.parse(body));
    return send('application/json', JSON.stringify({ number: paid.length }));
  }
  if (pathname === '/article') return html(article());
  if (pathname === '/declared') return response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }), streamed(response);
  if (pathname === '/inner') return html('<!doctype html><title>inner</title><p style="margin:0;color:green">inner <input value="a">');
  if (pathname === '/nest') return html('<!doctype html><title>nest</title><body style="margin:0"><iframe src="/inner" width="200" height="40"></iframe>');
  return html(page(pathname.split('/')[1] || 'start'));
}).listen(process.env.PORT, '127.0.0.1');
