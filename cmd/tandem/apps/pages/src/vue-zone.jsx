import 'zone.js';
import { createApp, h, reactive, ref } from 'vue/dist/vue.runtime.esm-bundler.js';
import { root, steps } from './steps.js';

// Angular watches every task like this; whoever makes tasks because of tasks never ends.
globalThis.tasks = 0;
const zone = Zone.current.fork({ name: 'counting', onScheduleTask: (parent, current, target, task) => { globalThis.tasks++; return parent.scheduleTask(target, task); } });

const state = reactive({ text: '', list: ['one', 'two'], tip: false });
zone.run(() => createApp({
  setup: () => {
    const field = ref();
    return () => h('div', [
      h('input', { id: 'text', ref: field, value: state.text, onInput: (e) => { state.text = e.target.value; } }),
      h('b', { id: 'echo' }, state.text.split('').reverse().join('')),
      h('span', { id: 'help', onMouseenter: () => { state.tip = true; }, onMouseleave: () => { state.tip = false; } }, ' ? '),
      state.tip && h('div', { role: 'tooltip', style: 'position:absolute;background:#ffc;padding:4px' }, 'a tip'),
      h('ul', state.list.map((item) => h('li', { key: item }, item))),
    ]);
  },
}).mount(root()));

steps({
  'a list turned round': () => zone.run(() => state.list.reverse()),
  'and longer': () => zone.run(() => state.list.unshift('three', 'four')),
  'a promise': () => zone.run(() => Promise.resolve().then(() => { state.text = 'later'; })),
});
