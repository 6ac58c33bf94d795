// The lamp builder: a module page with custom elements.
import './lamp-stage.js';
import './swatch-picker.js';

const byId = (id) => document.getElementById(id);
const stage = document.querySelector('lamp-stage');
const form = byId('build');

function design() {
  return [byId('form').value, byId('base').value, byId('shade').value, byId('height').value, byId('glow').value].join('-');
}

function update() {
  byId('height-text').textContent = byId('height').value + ' %';
  byId('glow-text').textContent = byId('glow').value + ' %';
  byId('design').value = design();
  stage.toggleAttribute('evening', byId('evening').checked);
  stage.setAttribute('design', design());
}
form.addEventListener('input', update);
form.addEventListener('pick', update);

// The drawing tools are fetched when they are first needed.
let sketch;
async function tools() {
  sketch ??= (await import('./sketch.js')).attach(byId('canvas'), byId('ink'));
  return sketch;
}
byId('canvas').addEventListener('pointerenter', tools, { once: true });
byId('sign').addEventListener('click', async () => (await tools()).write('I L'));
byId('clear').addEventListener('click', async () => (await tools()).clear());
form.addEventListener('submit', () => {
  byId('engraving').value = sketch?.used ? byId('canvas').toDataURL() : '';
});

const check = byId('check');
byId('review-build').addEventListener('click', () => {
  const [shape, base, shade, height] = design().split('-');
  byId('check-text').textContent = `A ${shape} lamp, ${base} below and ${shade} above, at ${height} % of the usual height.`;
  byId('check-picture').src = byId('canvas').toDataURL();
  check.showModal();
});
check.addEventListener('close', () => {
  if (check.returnValue === 'yes') filament.toast('Good choice. It is one click to the basket.');
});
