// A follower who drags: what the follower sends, and what the leader's page sees of it.

import { equal, test } from '../harness';
import type { Realm } from '../realm';
import { Patcher } from '../patch';
import { attachCapture } from './capture';
import type { Input } from './messages';
import { createPerformer, type Performer } from './perform';

interface Leader {
  performer: Performer;
  log: string[];
  /** Writes down these events as "type id buttons". */
  note(types: string): void;
  /** Performs inputs one after the other. */
  all(...inputs: Input[]): Promise<string[]>;
}

const ids = new Map<number, Element>();

async function scene(html: string, run: (leader: Leader, box: HTMLElement) => Promise<void>): Promise<void> {
  const box = document.body.appendChild(document.createElement('div'));
  box.style.cssText = 'position: fixed; left: 0; top: 0; background: white';
  box.innerHTML = html;
  ids.clear();
  ids.set(1, document.documentElement);
  box.querySelectorAll('[id]').forEach((element, i) => ids.set(i + 2, element));
  const patch = new Patcher(globalThis);
  const log: string[] = [];
  const answers = new Map<number, (why: string) => void>();
  const performer = createPerformer({
    document, realm: { global: globalThis, patch, listen: (at: () => EventTarget, type: string, listener: () => void, options: object) => at().addEventListener(type, listener, options) } as unknown as Realm,
    node: (id) => ids.get(id) ?? null, masked: () => false,
    protects: () => false,
    secret: () => false, wish: () => undefined,
    done: (n, why) => answers.get(n)!(why ?? ''),
  });
  let n = 0;
  const leader: Leader = {
    performer, log,
    note(types) {
      for (const type of types.split(' ')) {
        box.addEventListener(type, (event) => log.push(`${type} ${(event.target as Element).id} ${(event as MouseEvent).buttons}`));
      }
    },
    all: (...inputs) => Promise.all(inputs.map((input) => new Promise<string>((resolve) => {
      answers.set(++n, resolve);
      performer.input(n, input, 'agent');
    }))),
  };
  try {
    await run(leader, box);
  } finally {
    box.remove();
    patch.undo();
  }
}

const press = (node: number): Input => ({ kind: 'press', node, fx: 0.5, fy: 0.5, mods: 0 });
const drag = (dx: number, dy = 0): Input => ({ kind: 'drag', node: 1, dx, dy });
const release = (dx: number, dy = 0): Input => ({ kind: 'release', node: 1, dx, dy, mods: 0 });
const boxes = '<div id="a" style="width: 100px; height: 40px"></div><div id="b" style="width: 100px; height: 40px"></div>';

test('a drag moves with the button down, and clicks what held both its ends', () =>
  scene(`<div id="both">${boxes}</div>`, async (leader) => {
    leader.note('pointerdown mousedown pointermove mousemove pointerup mouseup click');
    equal(await leader.all(press(3), drag(0, 40), release(0, 40)), ['', '', '']);
    equal(leader.log.filter((line) => !/ 0$/.test(line)), ['pointerdown a 1', 'mousedown a 1', 'pointermove b 1', 'mousemove b 1']);
    equal(leader.log.slice(-3), ['pointerup b 0', 'mouseup b 0', 'click both 0']);
  }));

test('what captures the pointer gets it all, and the click', () => scene(boxes, async (leader, box) => {
  leader.note('pointermove gotpointercapture lostpointercapture pointerup click');
  const a = box.querySelector('#a')!;
  a.addEventListener('pointerdown', (event) => a.setPointerCapture((event as PointerEvent).pointerId));
  const had: boolean[] = [];
  a.addEventListener('pointermove', () => had.push(a.hasPointerCapture(1)));
  await leader.all(press(2), drag(0, 40), release(0, 40));
  equal(leader.log, [
    'pointermove a 0', 'gotpointercapture a 1', 'pointermove a 1', 'pointerup a 0', 'lostpointercapture a 0', 'click a 0',
  ]);
  equal(had, [false, true]);
  equal(a.hasPointerCapture(1), false);
}));

test('a prevented pointerdown keeps mouse events and the focus away, but not the click', () => scene(boxes + '<input id="c">', async (leader, box) => {
  leader.note('mousedown mousemove mouseup click');
  box.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    box.querySelector('input')!.focus(); // as editors do, whose field is elsewhere
  });
  await leader.all(press(2), drag(4), release(4), { kind: 'click', node: 2, fx: 0, fy: 0, button: 0, detail: 1, mods: 0 });
  equal(leader.log, ['mousemove a 0', 'click a 0', 'mousemove a 0', 'click a 0']);
  equal(document.activeElement!.id, 'c');
}));

const list = '<ul><li id="one" draggable="true">one</li><li id="two">two</li></ul>';

test('something is dragged and dropped, with its data', () => scene(list, async (leader, box) => {
  leader.note('dragstart dragenter dragleave dragend pointerup click');
  box.addEventListener('dragstart', (event) => {
    event.dataTransfer!.setData('text/plain', 'the one');
    event.dataTransfer!.effectAllowed = 'move';
  });
  box.addEventListener('dragover', (event) => (event.target as Element).id === 'two' && event.preventDefault());
  box.addEventListener('dragover', (event) => (event.dataTransfer!.dropEffect = 'move'));
  box.addEventListener('drop', (event) => leader.log.push(`drop ${event.dataTransfer!.getData('text/plain')}`));
  box.addEventListener('dragend', (event) => leader.log.push(event.dataTransfer!.dropEffect));
  const down = box.querySelector('#two')!.getBoundingClientRect().top - box.querySelector('#one')!.getBoundingClientRect().top;
  await leader.all(press(2), drag(0, 1), drag(0, down), release(0, down));
  equal(leader.log, ['dragstart one 0', 'dragenter one 0', 'dragenter two 0', 'dragleave one 0', 'drop the one', 'dragend one 0', 'move']);
}));

test('where nothing takes it, nothing is dropped; where the page does not let it be dragged, the pointer goes on', () =>
  scene(list, async (leader, box) => {
    leader.note('drop dragend pointerup');
    await leader.all(press(2), drag(0, 1), release(0, 1));
    box.addEventListener('dragstart', (event) => event.preventDefault());
    await leader.all(press(2), drag(0, 1), release(0, 1));
    equal(leader.log, ['dragend one 0', 'pointerup one 0']);
  }));

test('whoever presses again has let go before', () => scene(boxes, async (leader) => {
  leader.note('pointerdown pointerup click');
  equal(await leader.all(press(2), drag(5), press(3), release(0), release(0)), ['', '', '', '', 'gone']);
  equal(leader.log, ['pointerdown a 1', 'pointerup a 0', 'pointerdown b 1', 'pointerup b 0', 'click b 0']);
}));

test('keys for what is around the focus go to it', () => scene('<div id="around" tabindex="0"><input id="in"></div>', async (leader, box) => {
  box.querySelector('input')!.focus();
  await leader.all({ kind: 'key', node: 2, key: 'x', code: 'KeyX', mods: 0 });
  equal(box.querySelector('input')!.value, 'x');
}));

/** What a follower sends who does these things with a mouse. */
function sent(html: string, steps: Array<[type: string, selector: string, x: number, buttons: number]>): string[] {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument!;
  inner.body.innerHTML = html;
  const out: string[] = [];
  let n = 0;
  attachCapture({
    doc: '1', document: inner, id: (node) => (node === inner.documentElement ? 1 : 2), acts: () => true, frames: () => false, masked: () => false,
    offset: () => ({ x: 0, y: 0 }), here: () => true, refuse: () => undefined, next: () => ++n,
    send: (message) => {
      const { input } = message as { input?: Input };
      if (input !== undefined) out.push([input.kind, 'dx' in input ? input.dx : ''].join(' ').trim());
    },
  });
  for (const [type, selector, x, buttons] of steps) {
    const Kind = type === 'click' ? MouseEvent : PointerEvent;
    inner.querySelector(selector)!.dispatchEvent(new Kind(type, { bubbles: true, clientX: x, clientY: 5, button: 0, buttons, detail: 1, pointerType: 'mouse' } as PointerEventInit));
  }
  frame.remove();
  return out;
}

test('a follower tells of a drag, and of its click only once', () => {
  equal(sent('<p>text</p>', [
    ['pointerdown', 'p', 5, 1], ['pointermove', 'p', 6, 1], ['pointermove', 'p', 25, 1], ['pointerup', 'p', 25, 0], ['click', 'p', 25, 0],
    ['pointerdown', 'p', 25, 1], ['pointermove', 'p', 26, 1], ['pointerup', 'p', 26, 0], ['click', 'p', 26, 0],
  ]), ['press', 'drag 20', 'release 20', 'click']);
});

test('dragging in a field selects its text there', () => {
  equal(sent('<textarea>text</textarea>', [['pointerdown', 'textarea', 5, 1], ['pointermove', 'textarea', 25, 1], ['pointerup', 'textarea', 25, 0]]), []);
});

test('what a site keeps for its visitor a follower cannot use, directly or by way of something else', () => scene(
  `<form id="form" onsubmit="event.preventDefault()"><input id="field"><button id="pay" data-tandem-protect><b id="text">Pay</b></button></form>
  <label id="label">Agree <input type="checkbox" id="agree" data-tandem-protect></label>
  <div data-tandem-protect><input id="inner"></div><button id="free">x</button>`,
  async (leader, box) => {
    leader.note('pointerdown mousedown click submit change');
    const id = (name: string) => [...ids].find(([, element]) => element.id === name)![0];
    const click = (name: string): Input => ({ kind: 'click', node: id(name), fx: 0.5, fy: 0.5, button: 0, detail: 1, mods: 0 });
    equal(await leader.all(click('pay'), click('text'), click('agree'), click('inner')), ['protected', 'protected', 'protected', 'protected']);
    equal(leader.log, []);
    equal(await leader.all({ ...click('label'), fx: 0.05 } as Input), ['protected']);
    equal(box.querySelector<HTMLInputElement>('#agree')!.checked, false);
    equal(await leader.all({ kind: 'key', node: id('field'), key: 'Enter', code: 'Enter', mods: 0 }), ['protected']);
    equal(await leader.all({ kind: 'text', node: id('inner'), edit: [0, 0, 'a'], base: 0x811c9dc5 }), ['protected']);
    equal(leader.log.filter((line) => /submit|change (agree|inner)/.test(line)), []);
    leader.log.length = 0;
    equal(await leader.all(click('free')), ['']);
    equal(leader.log.map((line) => line.split(' ')[0]), ['pointerdown', 'mousedown', 'click']);
    // The visitor's own hand, and the page's scripts, may.
    box.querySelector<HTMLElement>('#agree')!.click();
    equal(box.querySelector<HTMLInputElement>('#agree')!.checked, true);
  },
));

test('a document that goes says what it has done, and what not', () => scene('<button id="a">a</button>', async (leader, box) => {
  const click: Input = { kind: 'click', node: 2, fx: 0.5, fy: 0.5, button: 0, detail: 1, mods: 0 };
  let clicks = 0;
  box.querySelector('#a')!.addEventListener('click', () => ++clicks === 2 && leader.performer.leave());
  equal(await leader.all(click, click, click), ['', '', 'changed']);
}));
