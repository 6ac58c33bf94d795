import { rest, steps } from './steps.js';

const settled = () => rest(400); // until the pictures there have come

steps({
  'to the middle': () => { document.getElementById('s210').scrollIntoView(); return settled(); },
  'to the end': () => { scrollTo(0, document.body.scrollHeight); return settled(); },
  'a part folded': () => { for (let i = 0; i < 100; i++) document.getElementById('s' + i).hidden = true; return settled(); },
});
