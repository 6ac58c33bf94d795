// Which browsers can take part. Asked before anything else on a page, so it uses nothing new itself.

export function tooOld(): boolean {
  const missing = ['DecompressionStream', 'CompressionStream', 'MessageChannel', 'structuredClone', 'customElements']
    .some(name => !(name in window));
  return missing || !('popover' in HTMLElement.prototype) || !('adoptedStyleSheets' in Document.prototype);
}
