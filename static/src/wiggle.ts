// How an element is made to wiggle, on either side: it moves a little and glows, and nothing of it is changed.

export const wiggleFrames: Keyframe[] = [0, -5, 5, -4, 4, -2, 2, 0].map((x, i, all) => ({
  translate: `${x}px 0`,
  outline: i === all.length - 1 ? '3px solid transparent' : '3px solid #ffd60a',
}));

export const wiggleTiming: KeyframeAnimationOptions = { duration: 700, easing: 'ease-in-out' };
