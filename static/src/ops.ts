// The mirror's vocabulary: what the leader's recorder sends, the server keeps
// and a follower's renderer builds. Ids are integers per document; the document
// itself is 0, every other mirrored node has an id of 1 or more, and constructed
// style sheets have negative ids. Comments and processing instructions have none.

export type Id = number;

/** Flat attribute list, name and value by turns; 0 when there are none. */
export type Attributes = string[] | 0;

export type TextForm = string;
export type ElementForm = [tag: string, attributes: Attributes, ...children: NodeForm[]];
export type DoctypeForm = [0, '!', name: string, publicId: string, systemId: string];
/** Always the first child of its host. */
export type ShadowForm = [0, '#', mode: string, ...children: NodeForm[]];
export type NodeForm = TextForm | ElementForm | DoctypeForm | ShadowForm;

/** The first of consecutive preorder ids, or every id in preorder. */
export type Ids = number | number[];

export type Mode = 'standards' | 'quirks';

export const SNAPSHOT = 0;
export const REMOVE = 1;
export const INSERT = 2;
export const MOVE = 3;
export const ATTRIBUTE = 4;
export const TEXT = 5;
export const PROPERTY = 6;
export const SCROLL = 7;
export const RULE = 8;
export const ADOPT = 9;
export const CANVAS = 10;
export const FRAME = 11;
export const FOCUS = 12;
export const MEDIA = 13;
export const DEFINE = 14;
export const DIGEST = 15;
export const STATE = 16;
export const ANIMATION = 17;
export const CLOCK = 18;
export const HIGHLIGHT = 19;
export const REGISTER = 20;
export const FONT = 21;
export const SLOT = 22;
/** An element anew: what it has, and all below it. */
export const AGAIN = 23;

/** What CSS asks about an element and only the leader's browser knows. */
export type StateName = 'hover' | 'active' | 'focus-visible' | 'target' | 'fullscreen' | 'editing';
export const STATES: readonly StateName[] = ['hover', 'active', 'focus-visible', 'target', 'fullscreen', 'editing'];

/** Offset, easing, composite, then names and values by turns. */
export type Frame = [offset: number | null, easing: string, composite: string, ...declarations: string[]];
export type Timing = [
  delay: number, endDelay: number, fill: string, iterationStart: number, iterations: number | null, duration: number | null,
  direction: string, easing: string, composite: string,
];

/** Where a rule is: its index in the sheet, or the indexes from there down. */
export type Path = number | number[];

export interface MediaState {
  paused: boolean;
  time: number;
  rate: number;
  volume: number;
  muted: boolean;
}

export type Property =
  | [prop: 'value' | 'customValidity' | 'userValidity' | 'sheetMedia', value: string]
  | [prop: 'checked' | 'indeterminate' | 'autofilled' | 'modal' | 'popover' | 'disabledSheet', value: boolean]
  | [prop: 'selected', value: number[]]
  | [prop: 'files' | 'states', value: string[]];

export type Op =
  | [typeof SNAPSHOT, Ids, Mode, ...NodeForm[]]
  | [typeof REMOVE, ...Id[]]
  | [typeof INSERT, parent: Id, before: Id, Ids, ...NodeForm[]]
  | [typeof MOVE, parent: Id, before: Id, ...Id[]]
  | [typeof ATTRIBUTE, Id, name: string, value: string | null]
  | [typeof TEXT, Id, data: string]
  | [typeof TEXT, Id, from: number, deleted: number, inserted: string]
  | [typeof PROPERTY, Id, ...Property]
  | [typeof SCROLL, Id, x: number, y: number]
  | [typeof RULE, Id, 'i', Path, text: string]
  | [typeof RULE, Id, 'd', Path]
  | [typeof RULE, Id, 'r', text: string]
  | [typeof RULE, Id, 's' | 'c', Path, text: string]
  | [typeof RULE, Id, 'p', Path, name: string, value: string, priority: string]
  | [typeof RULE, Id, 'x']
  | [typeof ADOPT, root: Id, ...Id[]]
  | [typeof CANVAS, Id, picture: string]
  | [typeof FRAME, Id, doc: number]
  /** 0 when nothing has the focus; a text node when that is where the caret is. */
  | [typeof FOCUS, Id, start?: number, end?: number]
  | [typeof MEDIA, Id, MediaState]
  | [typeof DEFINE, ...string[]]
  | [typeof DIGEST, Id, string]
  | [typeof STATE, StateName, Id]
  | [typeof ANIMATION, animation: number, element?: Id, pseudo?: string, name?: string, frames?: Frame[], timing?: Timing]
  | [typeof CLOCK, animation: number, state: string, time: number | null, rate: number]
  | [typeof HIGHLIGHT, name: string, ...rest: (number | string)[]]
  | [typeof REGISTER, name: string, syntax: string, inherits: boolean, initial?: string]
  | [typeof FONT, face: number, ...rest: string[]]
  | [typeof SLOT, Id, ...Id[]]
  | [typeof AGAIN, Id, Attributes, Ids, ...NodeForm[]];

/** What a masked field's value is replaced by when it has one. */
export const MASK = '••••••••';

/** Marks a masked element in the mirror. */
export const MASKED = 'data-tandem-masked';
