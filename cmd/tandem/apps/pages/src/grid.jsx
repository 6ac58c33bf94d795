import { createRoot } from 'react-dom/client';
import { useRef } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { $, rest, root, steps } from './steps.js';

function Grid() {
  const parent = useRef(null);
  const rows = useVirtualizer({ count: 100_000, getScrollElement: () => parent.current, estimateSize: () => 24, overscan: 5 });
  return (
    <div id="grid" ref={parent} style={{ height: 300, overflow: 'auto', border: '1px solid' }}>
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((row) => <div key={row.key} style={{ position: 'absolute', top: 0, transform: `translateY(${row.start}px)`, height: 24 }}>row {row.index} <i>{row.index * 7919 % 10007}</i></div>)}
      </div>
    </div>
  );
}

createRoot(root()).render(<Grid />);
steps({
  'fast scroll': async () => { for (let y = 0; y < 200_000; y += 9000) { $('#grid').scrollTop = y; await rest(16); } await rest(250); },
  'to the end': async () => { $('#grid').scrollTop = 1e9; await rest(250); },
  'a table of 2,000 rows': () => {
    const table = document.createElement('table');
    for (let i = 0; i < 2000; i++) for (let row = table.insertRow(), j = 0; j < 5; j++) row.insertCell().textContent = `${i * j}`;
    $('#grid').replaceChildren(table);
    $('#grid').scrollTop = 5000;
    return rest(100);
  },
});
