/**
 * Exponential and logarithm of additions, multiplications and divisions alone. IEEE 754 fixes their results to the last bit, which it does not do for
 * `Math.exp` and `Math.log`: so a model that is learned again from the log is the same on every machine.
 */
const ln2 = 0.6931471805599453;
/** Terms of the series; the argument is at most half of ln 2, so the rest is below the last bit. */
const terms = 16;

/** e^x, for x from −700 to 700. */
export function exactExp(x: number): number {
  const halvings = Math.round(x / ln2);
  const rest = x - halvings * ln2;
  let sum = 1;
  for (let term = terms; term > 0; term -= 1) sum = 1 + (rest / term) * sum;
  return sum * 2 ** halvings;
}

/** Natural logarithm of a positive number. */
export function exactLn(value: number): number {
  let [mantissa, doublings] = [value, 0];
  for (; mantissa > 1.5; doublings += 1) mantissa /= 2;
  for (; mantissa < 0.75; doublings -= 1) mantissa *= 2;
  // ln m = 2 artanh((m − 1) ÷ (m + 1))
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let odd = 2 * terms + 1; odd > 0; odd -= 2) sum = 1 / odd + square * sum;
  return 2 * ratio * sum + doublings * ln2;
}

/** Logistic function: the probability of a logit. */
export function logistic(logit: number): number {
  return 1 / (1 + exactExp(-logit));
}
