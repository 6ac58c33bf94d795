import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { capitals, empty, groups } from '../form.js';

let state = empty;

function Form() {
  const [form, set] = useState(empty);
  state = form;
  const change = (field, make = (v) => v) => (event) => set({ ...form, [field]: make(event.target.value) });
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <input id="name" value={form.name} onChange={change('name', capitals)} />
      <input id="phone" value={form.phone} onChange={change('phone', groups)} />
      <textarea id="note" value={form.note} onChange={change('note')} />
      <input id="agree" type="checkbox" checked={form.agree} onChange={(event) => set({ ...form, agree: event.target.checked })} />
      <select id="size" value={form.size} onChange={change('size')}>{['S', 'M', 'L'].map((size) => <option key={size}>{size}</option>)}</select>
      <input id="count" type="number" value={form.count} onChange={change('count', Number)} />
      <p>{form.note.length} characters</p>
    </form>
  );
}

export default (place) => {
  createRoot(place).render(<Form />);
  return () => JSON.stringify(state);
};
