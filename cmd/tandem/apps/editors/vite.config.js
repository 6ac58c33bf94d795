import { svelte } from '@sveltejs/vite-plugin-svelte';
import vue from '@vitejs/plugin-vue';

export default {
  plugins: [vue(), svelte()],
  esbuild: { jsx: 'automatic' },
  build: { chunkSizeWarningLimit: 12000 },
  preview: { port: Number(process.env.PORT), strictPort: true },
};
