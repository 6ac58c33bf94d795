// The one thing a problem page needs a script for.

import { byId } from './ui/dom';

const button = byId('back');
button.hidden = history.length < 2;
button.addEventListener('click', () => history.back());
