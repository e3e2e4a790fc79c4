import fc from 'fast-check';

// With a seed of its own each time, a property would kill a mutant today and miss it tomorrow.
fc.configureGlobal({ seed: 20_260_115 });
