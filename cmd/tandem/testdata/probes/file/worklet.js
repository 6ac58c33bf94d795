registerProcessor('p', class extends AudioWorkletProcessor { process() { return false; } });
