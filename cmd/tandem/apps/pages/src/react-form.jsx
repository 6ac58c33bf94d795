import { createRoot } from 'react-dom/client';
import { useState } from 'react';
import { root, steps } from './steps.js';

const phone = (text) => text.replace(/\D/g, '').slice(0, 9).replace(/(\d{3})(?=\d)/g, '$1 ');

function Form() {
  const [form, set] = useState({ name: '', phone: '', plan: 'basic', news: false, note: '' });
  const [sent, send] = useState(null);
  const field = (key, change = (v) => v) => ({ id: key, value: form[key], onChange: (e) => set({ ...form, [key]: change(e.target.value) }) });
  const valid = form.name.length > 2 && form.phone.length > 7;
  return (
    <form onSubmit={(e) => { e.preventDefault(); send(form); }}>
      <p><input placeholder="Name" {...field('name', (v) => v.toUpperCase())} /> <input placeholder="Phone" {...field('phone', phone)} /></p>
      <p><select {...field('plan')}><option>basic</option><option>large</option></select> <label><input id="news" type="checkbox" checked={form.news} onChange={(e) => set({ ...form, news: e.target.checked })} /> news</label></p>
      <p><textarea {...field('note', (v) => v.slice(0, 20))} /> {form.note.length}/20</p>
      <button id="send" disabled={!valid}>Send</button> <button id="reset" type="button" onClick={() => set({ name: '', phone: '', plan: 'basic', news: false, note: '' })}>Reset</button>
      <pre id="sent">{sent && JSON.stringify(sent)}</pre>
    </form>
  );
}

createRoot(root()).render(<Form />);
steps({});
