import * as monaco from 'monaco-editor/editor/editor.api.js';
import Worker from 'monaco-editor/editor/editor.worker.js?worker';

self.MonacoEnvironment = { getWorker: () => new Worker() };

export default (place) => {
  place.className = 'tall';
  const editor = monaco.editor.create(place, { value: '', language: 'plaintext', quickSuggestions: false, wordBasedSuggestions: 'off' });
  return () => editor.getValue();
};
