import { equal, test } from '../harness';
import { Answers } from './media';

const leader = ['device-width:390', 'device-height:844', 'prefers-color-scheme:dark', 'prefers-reduced-motion:no-preference', 'hover:none',
  'pointer:coarse', 'any-pointer:coarse', 'any-pointer:fine', 'scripting:enabled'];

/** A query's answer here, which has nothing left to ask. */
function answered(media: string): boolean {
  const answers = new Answers();
  answers.set(3, leader);
  return matchMedia(answers.answer(media)).matches;
}

for (const [media, want] of Object.entries({
  '(prefers-color-scheme: dark)': true,
  '(prefers-color-scheme: light)': false,
  'not (prefers-color-scheme: dark)': false,
  'not all and (hover)': true,
  '(hover: hover) and (pointer: fine)': false,
  '(any-pointer: coarse) and (any-pointer: fine)': true,
  '(hover)': false,
  '(pointer)': true,
  '(prefers-reduced-motion)': false,
  '(prefers-contrast: more)': false,
  '(scripting: none)': false,
  '(min-resolution: 2dppx)': true,
  '(max-resolution: 200dpi)': false,
  '(resolution: 3x)': true,
  '(1dppx < resolution <= 3dppx)': true,
  '(resolution < 3dppx)': false,
  '(2dppx >= resolution)': false,
  '(-webkit-min-device-pixel-ratio: 2.5)': true,
  '(-webkit-max-device-pixel-ratio: 2.5)': false,
  '(max-device-width: 400px)': true,
  '(device-width > 400px)': false,
  'print, (prefers-color-scheme: dark) and (min-width: 1px)': true,
  'screen and ((hover) or (pointer: coarse))': true,
  'print': false,
})) test(`the leader answers ${media}`, () => equal(answered(media), want));

test('what is not known is left as it is', () => {
  const answers = new Answers();
  equal(answers.answer('(hover)'), '(hover)');
  answers.set(3, leader);
  for (const media of ['(min-width: 40em)', '(width >= 40em)', '(orientation: landscape)', 'all', '(min-resolution: calc(1dppx * 2))']) equal(answers.answer(media), media);
});

test('only another answer to what was asked counts', () => {
  const answers = new Answers();
  equal(answers.set(1, leader), false);
  answers.answer('(prefers-color-scheme: dark)');
  equal(answers.set(2, leader), false);
  equal(answers.set(2, leader.map((a) => a.replace('dark', 'light'))), true);
});
