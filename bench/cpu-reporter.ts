/** Loaded before a server that is measured (`node --import`): tells its parent the CPU time of all its threads, µs, when asked. */
process.on('message', (message) => {
  if (message !== 'cpu') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUs: user + system });
});
process.channel?.unref();
