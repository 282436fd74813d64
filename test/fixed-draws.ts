import fc from 'fast-check';

/** Property tests draw the same on every run, so that what they find is of the change that is tested. `PROPERTY_SEED=7 npm test` draws otherwise. */
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? 1) });
