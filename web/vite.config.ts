import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The policy of the server (src/api/page.cc) allows nothing inline: assets are files, whatever their size.
export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  // For work on the page: `npx vite` shows it with the data of a server that runs without tokens.
  server: { proxy: { '/api': 'http://127.0.0.1:7420', '/ws': { target: 'ws://127.0.0.1:7420', ws: true } } },
});
