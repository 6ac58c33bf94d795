// Line icons on a 16-unit grid, drawn with the colour of the text around them.

const paths = {
  back: 'M9.5 3 4.5 8l5 5',
  forward: 'm6.5 3 5 5-5 5',
  reload: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  bars: 'M3.5 13v-3M8 13V7M12.5 13V3',
  show: 'M2 3h12v8H2zM8 11v2.5M5 13.5h6M6.8 5v4l3.2-2Z',
  plus: 'M8 3v10M3 8h10',
  close: 'm4 4 8 8m0-8-8 8',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Zm6.5 2a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  hidden: 'M2 2l12 12M6.2 3.8A6 6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a12 12 0 0 1-2 2.5M9.5 12.3a6 6 0 0 1-1.5.2C4 12.5 1.5 8 1.5 8a12 12 0 0 1 2.6-3',
  pointer: 'm3.5 2.5 9 4.2-3.9 1.4-1.6 3.9-3.5-9.5Zm5.2 5.7 4 4.3',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2Z',
  lock: 'M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  stop: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.8 5.8l4.4 4.4m0-4.4-4.4 4.4',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  together: 'M5 3v10M3 11l2 2 2-2M11 13V3M9 5l2-2 2 2',
  full: 'm9.5 6.5 4-4M10 2.5h3.5V6M6.5 9.5l-4 4M6 13.5H2.5V10',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'm5 3 7.5 5L5 13Z',
  pen: 'm3 13 .8-3L11 2.8l2.2 2.2L6 12.2 3 13ZM9.3 4.5l2.2 2.2',
  frame: 'M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M6 6h4v4H6Z',
  box: 'M2.5 4h11v8h-11z',
  arrow: 'M3 13 13 3M6.5 3H13v6.5',
  chat: 'M2.5 3.5h11v7h-6l-3 3v-3h-2z',
  people: 'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.4 2-4 4.5-4s4.5 1.6 4.5 4M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12 9.8c1.6.5 2.5 1.9 2.5 3.7',
  wait: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.5V8l2.5 1.5',
} as const;

export type Icon = keyof typeof paths;

/** An icon for beside a text or inside a button that has a label. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', name === 'back' || name === 'forward' ? 'icon turns' : 'icon'); // where writing goes the other way
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}
