import { $, rest, root, steps } from './steps.js';

root().innerHTML = `<header style="position:sticky;top:0;background:#ddf;padding:6px">sticky</header><div dir="rtl"><p>من اليمين إلى اليسار</p><button id="rtl">زر</button></div><div style="zoom:1.5"><p>zoomed <button id="zoomed">in here</button></p></div>
<div id="outer" style="height:150px;overflow:auto;border:1px solid"><div style="height:300px;width:600px">outer <div id="nested" style="height:80px;width:200px;overflow:auto;border:1px solid red"><div style="height:400px">inner <button id="deep" style="margin-top:200px">deep</button></div></div></div></div><div style="height:1500px"></div><button id="end">end</button>`;
steps({
  scrolled: async () => { $('#outer').scrollTop = 40; $('#outer').scrollLeft = 30; $('#nested').scrollTop = 170; await rest(100); },
  'the window': async () => { scrollTo(0, 150); await rest(100); },
  larger: () => { document.body.style.zoom = '1.25'; },
  'and as it was': async () => { document.body.style.zoom = ''; scrollTo(0, 0); await rest(100); },
});
