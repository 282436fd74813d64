import { defineConfig } from 'vite';

/**
 * `npm run console` builds into `dist/`, which is kept with its sources, since what runs a platform has no bundler. Names carry no hash: the console
 * serves every file with an ETag of its content. `npm run console:dev` serves the sources and hands all else to a console on its usual port.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/app/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    cssTarget: 'chrome123',
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        assetFileNames: '[name][extname]',
        codeSplitting: {
          groups: [
            { name: 'uplot', test: /node_modules\/uplot/ },
            { name: 'preact', test: /node_modules\/@?preact/ },
            { name: 'parts', minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: { '^/(v1|docs|demo|assets|openapi.json|readyz|metrics)': 'http://127.0.0.1:8090' } },
});
