import { createRoot } from 'react-dom/client';
import { BrowserRouter, Link, Route, Routes, useLocation, useNavigate } from 'react-router';
import { useEffect } from 'react';
import { rest, root, steps } from './steps.js';

let go;
function Page({ name }) {
  const { pathname, hash } = useLocation();
  go = useNavigate();
  useEffect(() => { document.title = `at ${name}`; if (hash) document.querySelector(hash)?.scrollIntoView(); }, [name, hash]);
  return <><h1>{name}</h1><p>{pathname}{hash}</p><nav><Link to="/router">home</Link> <Link id="to-list" to="/router/list">list</Link></nav>{name === 'list' && <ol>{Array.from({ length: 80 }, (_, i) => <li key={i} id={`i${i}`}>item {i}</li>)}</ol>}</>;
}
createRoot(root()).render(<BrowserRouter><Routes><Route path="/router" element={<Page name="home" />} /><Route path="/router/list" element={<Page name="list" />} /></Routes></BrowserRouter>);
const to = async (where) => { go(where); await rest(150); };
steps({
  list: () => to('/router/list'),
  'a place in it': () => to('/router/list#i60'),
  back: () => to(-1),
  'back home': () => to(-1),
  forward: () => to(1),
  'another icon': () => { const link = document.createElement('link'); link.rel = 'icon'; link.href = '/square/00ff00'; document.head.append(link); },
});
