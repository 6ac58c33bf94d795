import { $, rest, root, steps } from './steps.js';

const add = (fill) => new Promise((done) => {
  const frame = document.createElement('iframe');
  frame.width = 260; frame.height = 60;
  frame.onload = () => done(frame);
  fill(frame);
  root().append(frame);
});
steps({
  'same origin': () => add((f) => { f.src = '/inner'; f.id = 'same'; }),
  srcdoc: () => add((f) => { f.srcdoc = '<p>inline <b>document</b></p><style>b { color: red }</style>'; }),
  written: async () => { const f = await add(() => 0); f.contentDocument.write('<p style="color:blue">written'); f.contentDocument.close(); },
  sandboxed: () => add((f) => { f.sandbox = 'allow-scripts'; f.src = '/inner'; }),
  nested: async () => { await add((f) => { f.src = '/nest'; }); await rest(200); },
  navigated: () => new Promise((done) => { $('#same').onload = done; $('#same').src = '/nest'; }),
  removed: () => $('#same').remove(),
  'put back 20 times': async () => { for (let i = 0; i < 20; i++) { const f = await add((e) => { e.src = '/inner'; }); if (i < 19) f.remove(); } },
});
