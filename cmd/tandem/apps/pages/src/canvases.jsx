import { Chart, BarController, BarElement, CategoryScale, LinearScale } from 'chart.js';
import * as three from 'three';
import { $, rest, root, steps } from './steps.js';

Chart.register(BarController, BarElement, CategoryScale, LinearScale);
root().innerHTML = '<div style="width:360px;height:180px"><canvas id="chart"></canvas></div><canvas id="globe" width="200" height="150"></canvas> <canvas id="off" width="120" height="60"></canvas>';
const chart = new Chart($('#chart'), { type: 'bar', data: { labels: ['a', 'b', 'c'], datasets: [{ data: [3, 5, 2], backgroundColor: '#369' }] }, options: { responsive: false, animation: { duration: 200 } } });
let draw = () => { throw new Error('no WebGL'); };
const scene = new three.Scene(), camera = new three.PerspectiveCamera(50, 4 / 3, 0.1, 10);
scene.background = new three.Color('#113');
const globe = new three.Mesh(new three.SphereGeometry(1, 24, 16), new three.MeshBasicMaterial({ color: '#6c6', wireframe: true }));
scene.add(globe);
camera.position.z = 3;
const renderer = new three.WebGLRenderer({ canvas: $('#globe'), preserveDrawingBuffer: false });
draw = () => renderer.render(scene, camera);
draw();
const worker = new Worker(URL.createObjectURL(new Blob(['onmessage = ({ data }) => { const c = data.getContext("2d"); c.fillStyle = "#c63"; c.fillRect(10, 10, 90, 40); postMessage(1); }'])));
steps({
  'other data': async () => { chart.data.datasets[0].data = [1, 2, 6]; chart.update(); await rest(700); },
  'the globe turned': async () => { for (let i = 0; i < 10; i++) { globe.rotation.y += 0.1; draw(); await rest(16); } await rest(700); },
  'drawn in a worker': async () => { const canvas = $('#off').transferControlToOffscreen(); const done = new Promise((r) => { worker.onmessage = r; }); worker.postMessage(canvas, [canvas]); await done; await rest(1200); },
});
