import autoAnimate from '@formkit/auto-animate';
import lottie from 'lottie-web/build/player/lottie_svg';
import { $, rest, root, steps } from './steps.js';

root().innerHTML = `<div id="box" style="width:60px;height:30px;background:#c33"></div><ul id="list"><li>1</li><li>2</li><li>3</li></ul><div id="lottie" style="width:120px;height:120px"></div><p id="fade">fade</p>
<style>#box.on { margin-left: 100px } #box { transition: margin-left 0.15s } #fade.go { animation: fade 0.1s forwards } @keyframes fade { to { opacity: 0.4 } }</style>`;
autoAnimate($('#list'), { duration: 100 });
const circle = { ty: 4, ks: { o: { k: 100 }, r: { k: 0 }, p: { k: [60, 60, 0] }, a: { k: [0, 0, 0] }, s: { a: 1, k: [{ t: 0, s: [40, 40, 100], i: { x: [0.5], y: [1] }, o: { x: [0.5], y: [0] } }, { t: 30, s: [100, 100, 100] }] } }, ip: 0, op: 60, st: 0, sr: 1,
  shapes: [{ ty: 'gr', it: [{ ty: 'el', p: { k: [0, 0] }, s: { k: [80, 80] } }, { ty: 'fl', c: { k: [0.2, 0.5, 0.9, 1] }, o: { k: 100 } }, { ty: 'tr', p: { k: [0, 0] }, a: { k: [0, 0] }, s: { k: [100, 100] }, r: { k: 0 }, o: { k: 100 } }] }] };
const film = lottie.loadAnimation({ container: $('#lottie'), renderer: 'svg', loop: false, autoplay: false, animationData: { v: '5.7.0', fr: 60, ip: 0, op: 60, w: 120, h: 120, layers: [circle], assets: [] } });
steps({
  transition: async () => { $('#box').classList.add('on'); await rest(300); },
  'kept by its fill': async () => { await $('#box').animate([{ transform: 'none' }, { transform: 'rotate(20deg)' }], { duration: 80, fill: 'forwards' }).finished; },
  paused: () => { const a = $('#box').animate([{ opacity: 1 }, { opacity: 0.2 }], 1000); a.pause(); a.currentTime = 500; },
  keyframes: async () => { $('#fade').classList.add('go'); await rest(250); },
  'a list in motion': async () => { $('#list').prepend($('#list').lastElementChild); const li = document.createElement('li'); li.textContent = '4'; $('#list').append(li); await rest(400); },
  lottie: async () => { film.goToAndStop(20, true); await rest(60); },
  'a view transition': async () => { const t = document.startViewTransition(() => { $('#fade').textContent = 'after'; }); await t.finished; },
});
