import { summary } from '../lib/statistics.js'

/**
 * The figures by method: calls per second and the 50th and 99th percentile in milliseconds, each with the median and quartiles of the
 * rounds.
 *
 * @param {Array<Record<string, { times: number[], took?: number }>>} rounds
 */
export function figuresOf (rounds) {
  return Object.fromEntries(Object.keys(rounds[0]).map((call) => [call, figures(rounds.map((round) => round[call]))]))
}

function figures (rounds) {
  const { times, took, ...counters } = rounds[0]
  const of = (measure) => summary(rounds.map(measure))
  return {
    ...(took !== undefined && { rate: of((round) => 1000 * round.times.length / round.took) }),
    p50: of((round) => quantile(round.times, 0.5)),
    p99: of((round) => quantile(round.times, 0.99)),
    max: Math.max(...rounds.flatMap((round) => Math.max(...round.times))),
    ...Object.fromEntries(Object.keys(counters).map((name) => [name, of((round) => round[name])]))
  }
}

function quantile (values, part) {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)]
}
