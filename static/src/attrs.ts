// Code generated from rewrite.Attrs by bundle; DO NOT EDIT.

/** What the value of an attribute is. */
export type AttributeKind = 'url' | 'srcset' | 'urls' | 'style' | 'document' | 'aside';

/** By attribute, then by element; `*` stands for every element. */
export const attributes: Record<string, Record<string, AttributeKind>> = {
  'href': { 'a': 'url', 'area': 'url', 'link': 'url', 'base': 'url', 'use': 'url', 'image': 'url', 'feimage': 'url', 'pattern': 'url', 'lineargradient': 'url', 'radialgradient': 'url', 'textpath': 'url', 'mpath': 'url', 'filter': 'url', 'script': 'url', 'animate': 'url', 'set': 'url', 'animatemotion': 'url', 'animatetransform': 'url', 'discard': 'url', 'cursor': 'url', 'tref': 'url', 'mi': 'url', 'mo': 'url', 'mn': 'url', 'ms': 'url', 'mtext': 'url', 'mrow': 'url', 'math': 'url', 'svg': 'url' },
  'xlink:href': { '*': 'url' },
  'src': { 'img': 'url', 'script': 'url', 'iframe': 'url', 'frame': 'url', 'embed': 'url', 'input': 'url', 'source': 'url', 'track': 'url', 'video': 'url', 'audio': 'url', 'portal': 'url', 'fencedframe': 'url', 'model': 'url', 'bgsound': 'url' },
  'srcset': { 'img': 'srcset', 'source': 'srcset' },
  'imagesrcset': { 'link': 'srcset' },
  'poster': { 'video': 'url' },
  'action': { 'form': 'url' },
  'formaction': { 'button': 'url', 'input': 'url' },
  'data': { 'object': 'url' },
  'codebase': { 'object': 'url' },
  'background': { 'body': 'url', 'table': 'url', 'thead': 'url', 'tbody': 'url', 'tfoot': 'url', 'tr': 'url', 'td': 'url', 'th': 'url' },
  'cite': { 'blockquote': 'url', 'q': 'url', 'ins': 'url', 'del': 'url' },
  'longdesc': { 'img': 'url', 'iframe': 'url', 'frame': 'url' },
  'lowsrc': { 'img': 'url' },
  'manifest': { 'html': 'url' },
  'ping': { 'a': 'urls', 'area': 'urls' },
  'attributionsrc': { 'a': 'urls', 'area': 'urls', 'img': 'urls', 'script': 'urls' },
  'allow': { 'iframe': 'urls' },
  'to': { 'set': 'url', 'animate': 'url' },
  'from': { 'animate': 'url' },
  'by': { 'animate': 'url' },
  'values': { 'animate': 'urls' },
  'style': { '*': 'style' },
  'fill': { '*': 'style' },
  'stroke': { '*': 'style' },
  'filter': { '*': 'style' },
  'mask': { '*': 'style' },
  'clip-path': { '*': 'style' },
  'cursor': { '*': 'style' },
  'marker-start': { '*': 'style' },
  'marker-mid': { '*': 'style' },
  'marker-end': { '*': 'style' },
  'srcdoc': { 'iframe': 'document' },
  'csp': { 'iframe': 'aside' },
  'credentialless': { 'iframe': 'aside' },
  'integrity': { 'script': 'aside', 'link': 'aside' },
};
