import { css, injectGlobal, keyframes } from '@emotion/css';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { useState } from 'react';
import styled, { createGlobalStyle, ThemeProvider } from 'styled-components';
import { root, steps } from './steps.js';

injectGlobal`body { background: #fafafa }`;
const grow = keyframes`from { transform: scale(1) } to { transform: scale(1.2) }`;
const badge = (color) => css`display: inline-block; padding: 4px 8px; background: ${color}; border-radius: 6px; animation: ${grow} 0.01s forwards; @media (min-width: 200px) { color: white } &:nth-of-type(2n) { opacity: 0.7 }`;
const Global = createGlobalStyle`h1 { color: ${(p) => p.theme.ink} }`;
const Card = styled.div`border: 2px solid ${(p) => p.theme.ink}; margin: 8px 0; padding: 8px; ${(p) => p.$wide && 'width: 400px;'} & > b { color: ${(p) => p.theme.accent} }`;
const themes = { light: { ink: '#333', accent: '#06c' }, dark: { ink: '#a40', accent: '#080' } };

let set;
function App() {
  const [state, change] = useState({ theme: 'light', route: 'home', wide: false });
  set = (next) => flushSync(() => change((before) => ({ ...before, ...next })));
  return (
    <ThemeProvider theme={themes[state.theme]}>
      <Global /><h1>{state.route}</h1>
      {state.route === 'home'
        ? <Card $wide={state.wide}><b>card</b> <span className={badge('#936')}>one</span> <span className={badge('#396')}>two</span></Card>
        : [1, 2, 3].map((i) => <Card key={i}><b>{i}</b> <span className={badge(`hsl(${i * 80} 60% 40%)`)}>{i}</span></Card>)}
    </ThemeProvider>
  );
}

createRoot(root()).render(<App />);
steps({
  'another theme': () => set({ theme: 'dark' }),
  wider: () => set({ wide: true }),
  'another route': () => set({ route: 'list' }),
  back: () => set({ route: 'home', theme: 'light' }),
});
