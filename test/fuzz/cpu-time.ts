/** Time that this process has computed, ms: that others keep the machine busy does not show in it. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
